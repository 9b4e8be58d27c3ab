import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi, type TestContext } from 'vitest'
import { root } from './fixtures/program.ts'
import { privateFolder, tracesIn } from './fixtures/traces.ts'

const limitMs = 120_000

interface Program {
  readonly process: ChildProcess
  /** Its temporary folder. */
  readonly folder: string
  readonly stderr: () => string
  readonly ended: Promise<number | NodeJS.Signals>
}

/** Runs the properties on PostgreSQL as a program of its own. */
function start(
  { onTestFinished }: TestContext,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Program {
  const folder = privateFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const child = spawn(process.execPath, [join(root, 'scripts/test-props.ts'), ...args], {
    // It finds its files wherever it is called.
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      TMPDIR: folder,
      LOCKSTEP_DATABASES: 'postgres',
      LOCKSTEP_STAGES: 'corpus',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdout.resume()
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number)
  return { process: child, folder, stderr: () => stderr, ended }
}

describe.concurrent('test:props', { timeout: limitMs }, () => {
  test.for([
    [['--bogus'], {}, "Unknown option '--bogus'. See --help."],
    [['corpsu'], {}, 'There is no file of properties "corpsu". Did you mean "corpus"?'],
    [
      ['--shard', '4/3'],
      {},
      '--shard takes a number and how many there are, as 1/3, and not "4/3".',
    ],
    [
      ['--merge-reports', 'nowhere'],
      {},
      'There is nothing to merge in "nowhere": no part has kept anything there.',
    ],
    [
      [],
      { LOCKSTEP_SEED: 'x' },
      'LOCKSTEP_SEED takes a whole number, at least -2147483648, and not "x".',
    ],
    [
      [],
      { LOCKSTEP_DATABASES: 'oracle' },
      'LOCKSTEP_DATABASES takes postgres, mysql, mariadb, and not "oracle".',
    ],
    [
      [],
      { LOCKSTEP_STAGES: 'all' },
      'LOCKSTEP_STAGES takes corpus, changed, expectations, search, and not "all".',
    ],
  ] as const)('refuses %j with %j', async ([args, variables, sentence], context) => {
    const { ended, stderr } = start(context, args, variables)
    expect({ exitCode: await ended, stderr: stderr() }).toEqual({
      exitCode: 2,
      stderr: `lockstep: ${sentence}\n`,
    })
  })

  test('is inconclusive without a database that is required, and says so in the summary', async (context) => {
    const elsewhere = privateFolder()
    context.onTestFinished(() => rmSync(elsewhere, { recursive: true }))
    const summary = join(elsewhere, 'summary.md')
    const { ended, stderr, folder } = start(context, [], {
      LOCKSTEP_DATABASES: 'postgres,mysql',
      LOCKSTEP_REQUIRE: 'mysql',
      LOCKSTEP_MYSQL_URL: 'mysql://root:x@127.0.0.1:1/',
      LOCKSTEP_SUMMARY: summary,
    })
    expect(await ended).toBe(3)
    const reason =
      'LOCKSTEP_REQUIRE names mysql, and there is none: MySQL at 127.0.0.1:1 cannot be reached: nothing listens there.'
    expect(stderr()).toContain(`\nproperties: inconclusive. ${reason}`)
    const text = readFileSync(summary, 'utf8')
    expect(text).toMatch(/^# Lockstep: inconclusive\n/)
    expect(text).toContain(reason)
    expect(tracesIn(folder)).toEqual([])
  })

  test('is inconclusive where it cannot be started', async (context) => {
    const { ended, stderr } = start(context, ['--shard', '1/2'], {})
    expect(await ended).toBe(3)
    expect(stderr()).toContain('must be a smaller than count of test files')
    expect(stderr()).toContain(
      '\nproperties: inconclusive. Vitest could not do what it had to: see above.\n',
    )
  })

  test('is inconclusive where all was left out', async (context) => {
    const { ended, stderr } = start(context, [], {
      LOCKSTEP_DATABASES: 'mysql',
      LOCKSTEP_MYSQL_URL: 'mysql://root:x@127.0.0.1:1/',
    })
    expect(await ended).toBe(3)
    expect(stderr()).toMatch(/\nproperties: inconclusive\n$/)
  })

  test('runs no more of what is expected once the time budget is used up, and counts it', async (context) => {
    const elsewhere = privateFolder()
    context.onTestFinished(() => rmSync(elsewhere, { recursive: true }))
    const summary = join(elsewhere, 'summary.md')
    const { ended } = start(context, ['postgres-figures'], {
      LOCKSTEP_STAGES: 'expectations',
      LOCKSTEP_TIME_BUDGET: '0.001',
      LOCKSTEP_SUMMARY: summary,
    })
    expect(await ended).toBe(3)
    const text = readFileSync(summary, 'utf8')
    expect(text).toMatch(/^0 properties as expected, 0 not, 10 not run;/m)
    expect(text).toContain('| 10 | the time budget was used up |')
  })

  test('that is interrupted is inconclusive, and leaves nothing behind', async (context) => {
    const { process: child, ended, stderr, folder } = start(context, [], {})
    const isRunning = (): boolean => tracesIn(folder).length > 0
    await vi.waitUntil(() => stderr().includes('LOCKSTEP_SEED=') && isRunning(), {
      timeout: limitMs,
    })
    child.kill('SIGINT')
    expect(await ended).toBe(3)
    await vi.waitFor(() => expect(tracesIn(folder)).toEqual([]), { timeout: 20_000 })
  })
})
