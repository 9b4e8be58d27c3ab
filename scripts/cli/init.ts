import { resolve } from 'node:path'
import { Command } from 'commander'
import { initialise, type Initialised } from '../init/project.ts'
import { print, printJson } from './output.ts'

interface InitFlags {
  readonly force?: true
  readonly json?: true
}

export function initCommand(finish: (exitCode: number) => void): Command {
  return new Command('init')
    .description('Write an example of a workload, two strategies and their test.')
    .argument('[folder]', 'where to; it is made if it is not there', '.')
    .option('--force', 'write over files of the same names')
    .option('--json', 'print one JSON document')
    .action(async (folder: string, flags: InitFlags) => {
      const done = initialise(resolve(folder), flags.force ?? false, packageManager())
      await (flags.json ? printJson(done) : print(describe(done, folder)))
      finish(0)
    })
}

/** Whoever called: npm, pnpm, yarn and bun all say who they are. */
function packageManager(): string {
  const [name = ''] = (process.env['npm_config_user_agent'] ?? '').split('/')
  return ['npm', 'pnpm', 'yarn', 'bun'].includes(name) ? name : 'npm'
}

function describe({ folder, written, kept, next }: Initialised, given: string): string {
  const steps = folder === process.cwd() ? next : [`cd ${given}`, ...next]
  return [
    `Written into ${folder}:`,
    ...written.map((file) => `  ${file}`),
    ...(kept.length === 0 ? [] : [`Left as they were: ${kept.join(', ')}`]),
    '',
    'Next:',
    ...steps.map((step) => `  ${step}`),
  ].join('\n')
}
