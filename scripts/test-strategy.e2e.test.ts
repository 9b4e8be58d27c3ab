import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { root } from './fixtures/program.ts'

/** As vitest's JSON reporter writes it. */
interface Results {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

let exitCode: unknown
let results: Results['testResults'][number]['assertionResults'] = []
let stdout = ''
let stderr = ''

beforeAll(async () => {
  const folder = join(root, 'scripts/fixtures/vitest')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const temporary = mkdtempSync(join(tmpdir(), 'lockstep-verdicts-'))
  const file = join(temporary, 'results.json')
  const child = execFile(
    process.execPath,
    [
      vitest,
      'run',
      '--root',
      folder,
      '--reporter=default',
      '--reporter=github-actions',
      '--reporter=json',
      `--outputFile=${file}`,
    ],
    {
      env: {
        PATH: process.env['PATH'],
        NO_COLOR: '1',
        LOCKSTEP_SEED: '42',
        LOCKSTEP_MYSQL_URL: 'mysql://root@127.0.0.1:1/',
      },
    },
  )
  child.stdout?.on('data', (text) => (stdout += text))
  child.stderr?.on('data', (text) => (stderr += text))
  const closed = await once(child, 'close')
  exitCode = closed[0]
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Results
  results = testResults.flatMap(({ assertionResults }) => assertionResults)
  rmSync(temporary, { recursive: true })
}, 120_000)

const statuses = () => results.map(({ fullName, status }) => `${status}: ${fullName}`)

/** The one failure of a test with this name. */
function failureOf(name: string): string {
  const failed = results.filter((each) => each.fullName === name && each.status === 'failed')
  expect(failed).toHaveLength(1)
  return failed[0]?.failureMessages.join('\n') ?? ''
}

test('exactly what came as expected passes, one test for each level', () => {
  expect(statuses()).toEqual([
    'passed: purchase/read-modify-write is violated on PostgreSQL at read-committed',
    'failed: purchase/read-modify-write holds on PostgreSQL at read-committed',
    'passed: purchase/select-for-update holds on PostgreSQL at read-committed',
    'passed: purchase/select-for-update holds on PostgreSQL at serializable',
    'failed: purchase/select-for-update is violated on PostgreSQL at read-committed',
    'failed: purchase/refuses holds on PostgreSQL at read-committed',
    'failed: purchase/refuses is violated on PostgreSQL at read-committed',
    'failed: purchase/too-late holds on PostgreSQL at read-committed',
    'failed: purchase/needs-mysql holds on MySQL at repeatable-read',
    'passed: purchase/select-for-update holds on PostgreSQL at read-committed',
    'skipped: purchase/select-for-update holds on MySQL at repeatable-read',
    'failed: purchase/only-optional holds on MySQL at repeatable-read',
    'passed: purchase/naive-retry is violated on PostgreSQL at read-committed',
    'passed: purchase/idempotency-key holds on PostgreSQL at read-committed',
  ])
  expect(exitCode).toBe(1)
})

describe('what a failure says', () => {
  test('of a broken strategy: the lanes, and the line that replays it', () => {
    const failure = failureOf('purchase/read-modify-write holds on PostgreSQL at read-committed')
    expect(failure).toContain('read-modify-write was expected to hold, and was broken.')
    expect(failure).toContain('\nVIOLATED  purchase/read-modify-write on PostgreSQL 18')
    expect(failure).toMatch(/^step {2}A +B$/m)
    expect(failure).toMatch(/^npx -y pnpm@12 lockstep replay --strategy my\/unsafe\.ts ls1\.\S+$/m)
    expect(failure).toContain('(random, seed 1)')
    // Where the test is declared: reporters show it, and annotate the line.
    expect(failure).toMatch(/ at .*verdicts\.fixture\.ts:\d+:\d+/)
    expect(failure).not.toContain('test-strategy.ts')
  })

  test('of one that should have been broken', () => {
    const failure = failureOf(
      'purchase/select-for-update is violated on PostgreSQL at read-committed',
    )
    expect(failure).toContain('was expected to be violated, and held: nothing broke it this time.')
    expect(failure).toContain('20 schedules (random, seed 42)')
  })

  test.each(['holds', 'is violated'])('of one that cannot be judged, when it %s', (verb) => {
    const failure = failureOf(`purchase/refuses ${verb} on PostgreSQL at read-committed`)
    expect(failure).toContain('refuses could not be judged, which is not a pass.')
    expect(failure).toContain('did nothing that could be judged')
  })

  test('of one for which there was no time', () => {
    const failure = failureOf('purchase/too-late holds on PostgreSQL at read-committed')
    expect(failure).toContain('The budget was used up before the first schedule')
  })

  test.each(['needs-mysql', 'only-optional'])('of a database that is missing: %s', (name) => {
    const failure = failureOf(`purchase/${name} holds on MySQL at repeatable-read`)
    expect(failure).toContain('inconclusive: nothing could be run.')
    expect(failure).toContain('127.0.0.1')
  })
})

test('a skipped one names the reason, where another database is there', () => {
  expect(stdout).toMatch(/↓ .*holds on MySQL at repeatable-read.*\[.*127\.0\.0\.1/s)
})

test('a failure is annotated where the test is declared', () => {
  expect(stdout).toMatch(
    /^::error file=.*verdicts\.fixture\.ts,title=.*,line=11,column=\d+::.*VIOLATED/m,
  )
})

test('the seed is printed once', () => {
  expect(`${stdout}${stderr}`.match(/LOCKSTEP_SEED=\d+ .*/g)).toEqual([
    'LOCKSTEP_SEED=42 draws the same plans again',
  ])
})
