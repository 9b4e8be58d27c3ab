/** Packs Lockstep, installs it in a blank project as somebody else would, and works with it there. */
import { execFile } from 'node:child_process'
import {
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from './fixtures/program.ts'

const limitMs = 300_000
const commandLimitMs = 120_000

let folder: string
let tarball: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lockstep-package-'))
  await succeeds(root, 'npx', ['-y', 'pnpm@12', 'pack', '--pack-destination', folder])
  const [name = ''] = readdirSync(folder)
  tarball = join(folder, name)
}, limitMs)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program of the machine, with the Node that runs this before any other. */
function run(cwd: string, command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, env, maxBuffer: 1 << 26, timeout: commandLimitMs }
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      const code = error ? error.code : 0
      resolve({ exitCode: typeof code === 'number' ? code : -1, stdout, stderr })
    })
    child.stdin?.end()
  })
}

async function succeeds(cwd: string, command: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(cwd, command, args)
  const call = [command, ...args].join(' ')
  expect({ call, exitCode, ...(exitCode !== 0 && { stdout, stderr }) }).toEqual({
    call,
    exitCode: 0,
  })
  return stdout
}

/** What this test run was started with is no business of a project somewhere else. */
const ofThisRun =
  /^(?:npm_(?!config_(?:registry|userconfig|cache))|pnpm_|init_cwd|node_options|vitest|lockstep_)/i
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofThisRun.test(name))),
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  NO_COLOR: '1',
}

test('the tarball holds what is needed, and no tests', async () => {
  const files = (await succeeds(folder, 'tar', ['-tzf', tarball]))
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  expect(sources.filter((file) => !file.startsWith('template/'))).toEqual([])
  expect(files.filter((file) => /^dist.*(?:\.test|fixtures|testing|bench)/.test(file))).toEqual([])
  expect(files.filter((file) => !/^(?:dist|template)\//.test(file)).toSorted()).toEqual([
    'README.md',
    'package.json',
  ])
  const text = await succeeds(folder, 'tar', ['-xzOf', tarball, 'package/package.json'])
  const { exports, bin } = JSON.parse(text) as {
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
    readonly bin: Readonly<Record<string, string>>
  }
  expect(Object.keys(exports)).toEqual(['.', './vitest', './package.json'])
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? target : Object.values(target),
  )
  for (const target of [...targets, ...Object.values(bin)]) {
    expect(files).toContain(target.replace(/^\.\//, ''))
  }
})

test('what is started rather than imported is in the tarball as well', async () => {
  const unpacked = mkdtempSync(join(folder, 'unpacked-'))
  await succeeds(folder, 'tar', ['-xzf', tarball, '-C', unpacked])
  const started = globSync('package/dist/**/*.js', { cwd: unpacked }).flatMap((file) => {
    const text = readFileSync(join(unpacked, file), 'utf8')
    const names = [...text.matchAll(/moduleBeside\('([^']+)', import\.meta\.url\)/g)]
    return names.map(([, name]) => join(dirname(file), `${name}.js`))
  })
  expect(started).toHaveLength(3)
  expect(started.filter((file) => !existsSync(join(unpacked, file)))).toEqual([])
})

interface Manager {
  readonly name: string
  /** Makes a project with Lockstep and vitest in it. */
  readonly install: readonly (readonly [string, ...string[]])[]
  /** How its user calls a program that is installed, and the test. */
  readonly exec: readonly [string, ...string[]]
  readonly test: readonly [string, ...string[]]
  /** What the modules of the example end with there. */
  readonly ending: string
  /** Whether more than both commands is tried there. */
  readonly isThorough: boolean
}

const quick = '--prefer-offline'
const pnpm = ['npx', '-y', 'pnpm@12'] as const
const managers = (): readonly Manager[] => [
  {
    // A package as `npm init` makes it, where a .ts file is no module.
    name: 'npm',
    install: [
      ['npm', 'init', '-y'],
      ['npm', 'pkg', 'set', 'type=commonjs'],
      ['npm', 'install', '-D', quick, '--no-audit', '--no-fund', tarball, ...companions()],
    ],
    exec: ['npx', '--no'],
    test: ['npm', 'test'],
    ending: 'mts',
    isThorough: false,
  },
  {
    // A folder with nothing in it.
    name: 'pnpm',
    install: [
      [...pnpm, 'add', '-D', quick, '--config.strict-dep-builds=false', tarball, ...companions()],
    ],
    exec: [...pnpm, 'exec'],
    test: [...pnpm, 'test'],
    ending: 'ts',
    isThorough: true,
  },
]

/** The versions that this checkout has, so that both are tested with the same. */
function companions(): string[] {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>
  }
  return ['vitest', '@types/node'].map((name) => `${name}@${devDependencies[name]}`)
}

const spins = `import { defineStrategy } from 'lockstep'
import { booking } from '../workloads/booking.ts'

export default defineStrategy({
  name: 'spins', workload: booking, summary: 'Never pauses.',
  async execute() { for (;;) { /* on and on */ } },
})
`

describe.concurrent('in a blank project', () => {
  test.for(['npm', 'pnpm'])(
    'with %s, the example finds the bug in the unsafe strategy and passes the safe one',
    { timeout: limitMs },
    async (name) => {
      const manager = managers().find((each) => each.name === name)
      if (!manager) throw new Error(name)
      const project = mkdtempSync(join(folder, `${name}-`))
      for (const [command, ...args] of manager.install) await succeeds(project, command, args)
      const [exec, ...execArgs] = manager.exec
      const lockstep = (...args: string[]) => run(project, exec, [...execArgs, 'lockstep', ...args])
      const file = (strategy: string) => `./strategies/${strategy}.${manager.ending}`

      const init = await lockstep('init')
      expect(init).toMatchObject({ exitCode: 0 })
      const next = `\nNext:\n  ${name} test\n  npx lockstep explore --strategy ${file('check-then-book')}\n`
      expect(init.stdout).toContain(next)

      // Both commands that it names, and the compiler.
      const [program, ...testArgs] = manager.test
      const [tested, unsafe] = await Promise.all([
        succeeds(project, program, testArgs),
        lockstep('explore', '--strategy', file('check-then-book'), '--json'),
        succeeds(root, process.execPath, ['node_modules/typescript/bin/tsc', '-p', project]),
      ])
      expect(tested).toContain('is violated on PostgreSQL at read-committed')
      expect(tested).toMatch(/Tests +21 passed \(21\)/)
      const token = expectDoubleBooking(unsafe)
      if (manager.isThorough) await expectTheRest(lockstep, file, project, token)
    },
  )
})

/** @returns the token that replays it. */
function expectDoubleBooking({ exitCode, stdout }: Ended): string {
  expect(exitCode).toBe(1)
  const { verdict, counterexample } = JSON.parse(stdout) as {
    readonly verdict: string
    readonly counterexample: { readonly invariant: string; readonly token: string }
  }
  const { invariant, token } = counterexample
  expect({ verdict, invariant }).toEqual({ verdict: 'violated', invariant: 'seats-add-up' })
  return token
}

const briefly = ['--quick', '--only', 'safety', '--schedules', '10', '--seeds', '1']

/** Whatever finds its files or starts processes and threads of its own. */
async function expectTheRest(
  lockstep: (...args: string[]) => Promise<Ended>,
  file: (strategy: string) => string,
  project: string,
  token: string,
): Promise<void> {
  writeFileSync(join(project, file('spins')), spins)
  const [safe, spinning, replayed, compared, listed, again] = await Promise.all([
    lockstep('explore', '--strategy', file('lock-then-book'), '--explorer', 'reduced'),
    lockstep('explore', '--strategy', file('spins')),
    lockstep('replay', '--strategy', file('check-then-book'), token),
    lockstep(
      'compare',
      '--strategy',
      file('check-then-book'),
      '--database',
      'postgres',
      ...briefly,
    ),
    lockstep('list'),
    lockstep('init'),
  ])
  expect(safe).toMatchObject({ exitCode: 0 })
  expect(safe.stdout).toContain('18 schedules that stand for all of scenario last-seat')
  expect(spinning.exitCode).toBe(3)
  expect(spinning.stdout + spinning.stderr).toContain('computed for 5 s without a pause')
  expect(replayed).toMatchObject({ exitCode: 1 })
  expect(compared).toMatchObject({ exitCode: 0 })
  const report = readFileSync(join(project, 'lockstep-results/report.html'), 'utf8')
  expect(report).toContain('check-then-book')
  expect(listed).toMatchObject({ exitCode: 0 })
  expect(listed.stdout).toContain('workload redemption')
  expect(again.exitCode).toBe(2)
  expect(again.stderr).toContain(`${file('check-then-book').slice(2)}, `)
}
