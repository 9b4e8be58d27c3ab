#!/usr/bin/env node
/**
 * Runs the steps of a workflow of GitHub Actions on this machine, one after the other, and says what it
 * leaves out: actions, services, and whatever else only GitHub has.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { UsageError, unknownName } from '../harness/index.ts'
import { git } from '../properties/settings/git.ts'
import { exitCodes } from './cli/exit.ts'
import { complain } from './cli/output.ts'
import { runWorkflow } from './workflow/run.ts'
import { parseWorkflow, type Workflow } from './workflow/workflow.ts'

interface Flags {
  readonly job?: readonly string[]
  readonly matrix: readonly string[]
  readonly env: readonly string[]
  readonly value: readonly string[]
  readonly without: readonly string[]
  readonly base: string
  readonly summary: string
}

/** `NAME=VALUE`, several times. */
function pairs(option: string, texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
      if (name !== undefined && value !== undefined) return [name, value]
      throw new UsageError(`${option} takes NAME=VALUE, and not "${text}".`)
    }),
  )
}

function checkJobs({ jobs }: Workflow, wanted: readonly string[] = []): void {
  const known = Object.keys(jobs)
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new UsageError(unknownName('job', unknown, known))
}

async function run(file: string, flags: Flags): Promise<number> {
  const workflow = parseWorkflow(readFileSync(file, 'utf8'), file)
  checkJobs(workflow, flags.job)
  const sha = git(['rev-parse', 'HEAD']) ?? ''
  const base = git(['rev-parse', flags.base]) ?? ''
  const summary = resolve(flags.summary)
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interruption.abort())
  const exitCode = await runWorkflow(workflow, {
    ...(flags.job && { jobs: flags.job }),
    matrix: pairs('--matrix', flags.matrix),
    env: {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_SHA: sha,
      GITHUB_WORKSPACE: process.cwd(),
      GITHUB_STEP_SUMMARY: summary,
      ...pairs('--env', flags.env),
    },
    context: {
      'github.sha': sha,
      'github.event.pull_request.base.sha': base,
      'github.event_name': 'pull_request',
      ...pairs('--value', flags.value),
    },
    without: flags.without,
    folder: process.cwd(),
    signal: interruption.signal,
    say: (line) => process.stderr.write(`${line}\n`),
  })
  process.stderr.write(`exit code ${exitCode}; summary: ${summary}\n`)
  return exitCode
}

const several = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
]

const program = new Command('run-workflow')
  .description('Run the steps of a workflow of GitHub Actions on this machine.')
  .argument('<file>', 'the workflow')
  .option('--job <name...>', 'only these jobs (default: all)')
  .option('--matrix <name=value>', 'one value in place of those in the matrix', several, [])
  .option('--env <name=value>', 'a variable in place of what the workflow says', several, [])
  .option('--value <name=value>', 'what an expression is to be', several, [])
  .option('--without <step>', 'the name of a step to leave out', several, [])
  .option('--base <commit>', 'what the pull request was made from', 'main')
  .option('--summary <file>', 'where summaries of steps are added', 'step-summary.md')
  .exitOverride()

try {
  program.parse()
  const [file = ''] = program.args
  process.exitCode = await run(file, program.opts<Flags>())
} catch (error) {
  if (error instanceof UsageError) complain(error.message)
  else if (!(error instanceof CommanderError))
    complain(error instanceof Error ? error.message : String(error))
  const isHelp = error instanceof CommanderError && error.exitCode === 0
  process.exitCode = isHelp ? exitCodes.holds : exitCodes.usage
}
