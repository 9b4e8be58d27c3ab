import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { resultsSchema, type Results } from '../../harness/index.ts'
import { fixture, lockstep, startLockstep } from '../fixtures/program.ts'

/** Of all tests in this file, which run beside each other. */
const parent = mkdtempSync(join(tmpdir(), 'lockstep-test-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))

const folder = (): string => mkdtempSync(join(parent, 'results-'))

const resultsIn = (path: string): Results =>
  resultsSchema.parse(JSON.parse(readFileSync(join(path, 'results.json'), 'utf8')))

const few = ['compare', '--quick', '--database', 'postgres', '--seed', '7']
const two = [...few, '--strategy', 'check-then-decrement,conditional-update']
const unreachable = { LOCKSTEP_MYSQL_URL: 'mysql://root@127.0.0.1:1/' }

describe.concurrent('a comparison', () => {
  test('says what is safe and what it costs, and compares itself with an older one', async () => {
    const output = join(folder(), 'new')
    const { exitCode, stdout, stderr } = await lockstep([...two, '--output', output])
    expect(stdout)
      .toBe(`2 cells in ${/in (.*):/.exec(stdout)?.[1]}: 1 held, 1 violated, 0 inconclusive, 0 not run

purchase              PostgreSQL
                      c
check-then-decrement  X
conditional-update    +

+ held  X violated  ? inconclusive  - not run
u read-uncommitted  c read-committed  r repeatable-read  s serializable
`)
    expect(stderr).toBe(
      `Written: ${['results.json', 'results.csv', 'summary.md', 'report.html'].map((name) => join(output, name)).join(', ')}\n`,
    )
    expect(exitCode).toBe(0)
    const results = resultsIn(output)
    expect(results.finishedAt).toBeDefined()
    expect(results.databases).toMatchObject([{ platform: 'postgres', settings: { fsync: 'off' } }])
    const [unsafe, safe] = results.cells
    expect(unsafe?.safety?.searches[0]?.counterexample).toMatchObject({
      invariant: 'stock-never-negative',
      replays: { reproduced: 10, of: 10 },
    })
    expect(safe?.cost?.loads).toMatchObject([{ clients: 8, contention: 'hot', violations: [] }])
    expect(safe?.cost?.loads[0]?.commandsPerSecond).toBeGreaterThan(0)

    const against = ['compare', '--results', output, '--against', join(output, 'results.json')]
    const same = await lockstep(against)
    expect(same.exitCode).toBe(0)
    expect(same.stdout).toContain('Against the older results: 2 cells and 2 loads in both')

    const older = structuredClone(results)
    older.cells[0]!.safety = older.cells[1]!.safety!
    delete older.cells[0]!.cost
    writeFileSync(join(output, 'old.json'), JSON.stringify(older))
    const worse = await lockstep([
      'compare',
      '--results',
      output,
      '--against',
      join(output, 'old.json'),
    ])
    expect(worse.stderr).toBe('')
    expect(worse.exitCode).toBe(1)
    expect(worse.stdout).toContain(
      'check-then-decrement on postgres, read-committed: holds before,',
    )
  })

  test('that is interrupted loses nothing, and is gone on with', async () => {
    const output = join(folder(), 'new')
    const all = [...few, '--isolation', 'all', '--workload', 'checkout', '--only', 'safety']
    const program = await startLockstep([...all, '--schedules', '5', '--output', output])
    const journal = join(output, 'journal.jsonl')
    const done = (): number =>
      existsSync(journal) ? readFileSync(journal, 'utf8').split('"kind":"safety"').length - 1 : 0
    await vi.waitFor(() => expect(done()).toBeGreaterThan(1), { timeout: 40_000, interval: 20 })
    program.process.kill('SIGINT')
    const first = await program.ended
    expect(first.exitCode).toBe(3)
    expect(first.stdout).toContain(': not finished, ')
    expect(first.stderr).toContain(
      `Interrupted. Nothing that was measured is lost: npx -y pnpm@12 lockstep compare --resume --output ${output} goes on.`,
    )
    const before = resultsIn(output)
    expect(before.cells.length).toBeGreaterThan(1)
    expect(before.finishedAt).toBeUndefined()

    const second = await lockstep(['compare', '--resume', '--output', output])
    const after = resultsIn(output)
    expect(after.cells.slice(0, before.cells.length)).toEqual(before.cells)
    expect(after.cells).toHaveLength(8)
    expect(after.settings.seed).toBe(7)
    expect(after.finishedAt).toBeDefined()
    expect(second.stdout).toContain('8 cells in ')
  })

  test('of a name that two workloads have keeps to the one that was named', async () => {
    const output = join(folder(), 'new')
    const named = ['--workload', 'purchase', '--strategy', 'optimistic-version']
    const cut = ['--only', 'safety', '--time-budget', '0.001', '--output', output]
    const { exitCode, stderr } = await lockstep([...few, ...named, ...cut])
    expect(stderr).toMatch(/^Written: /)
    expect(exitCode).toBe(3)
    expect(resultsIn(output).settings.sources).toEqual(['purchase/optimistic-version'])
  })

  test('is not gone on with on another server', async () => {
    const output = join(folder(), 'new')
    const args = [...few, '--only', 'safety', '--strategy', 'conditional-update']
    await lockstep([...args, '--time-budget', '0.001', '--output', output])
    const journal = join(output, 'journal.jsonl')
    const text = readFileSync(journal, 'utf8')
    writeFileSync(
      journal,
      text.replace(/"version":"1[^"]*","provider":"embedded"/, '"version":"9.6","provider":"url"'),
    )
    const { exitCode, stdout } = await lockstep(['compare', '--resume', '--output', output])
    expect(stdout).toMatch(
      /safety of 1 cell: What is there was measured on 9\.6 \(url\), and this is \S+\s+\(embedded\): figures/,
    )
    expect(exitCode).toBe(3)
  })

  test('that runs out of time says what it has left out', async () => {
    const output = join(folder(), 'new')
    const { exitCode, stdout } = await lockstep([
      ...few,
      '--workload',
      'purchase',
      '--time-budget',
      '2',
      '--output',
      output,
    ])
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(
      /Not measured:\n {2}safety of \d+ cells: The time budget was used up before\.\n/,
    )
  })

  test('on an engine that cannot be had counts what is missing', async () => {
    const output = join(folder(), 'new')
    const args = ['compare', '--quick', '--only', 'safety', '--strategy', 'conditional-update']
    const at = [...args, '--database', 'postgres,mysql', '--output', output]
    const { exitCode, stdout } = await lockstep(at, { environment: unreachable })
    expect(stdout).toMatch(
      /1 held, 0 violated, 0 inconclusive, 1 not run\n[^]*safety of 1 cell: MySQL at 127\.0\.0\.1:1 cannot be reached: /,
    )
    expect(exitCode).toBe(0)
    const required = await lockstep([...at.slice(0, -1), `${output}2`, '--require', 'mysql'], {
      environment: unreachable,
    })
    expect(required.exitCode).toBe(3)
  })

  test('of a strategy that fails everywhere is inconclusive, and goes on to the next', async () => {
    const output = join(folder(), 'new')
    const strategies = `${fixture('throws-string')},purchase/conditional-update`
    const { exitCode, stdout } = await lockstep([
      ...few,
      '--strategy',
      strategies,
      '--output',
      output,
    ])
    expect(exitCode).toBe(3)
    expect(stdout).toContain(': 1 held, 0 violated, 1 inconclusive, 0 not run')
    const [fails] = resultsIn(output).cells
    expect(fails?.safety?.searches[0]?.reason).toContain('threw the string')
    expect(fails?.cost?.failures[0]?.reason).toContain('threw the string')
  })
})

describe.concurrent('a comparison refuses', () => {
  const refused = async (args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await lockstep(args)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    return stderr
  }

  test('a filter that nothing matches', async () => {
    expect(await refused(['compare', '--filter', 'nothing'])).toBe(
      'lockstep: No cell matches --filter "nothing": it is compared with names such as "purchase/reservation/mysql/serializable".\n',
    )
  })

  test('to measure something else when it goes on', async () => {
    expect(await refused(['compare', '--resume', '--quick'])).toBe(
      'lockstep: --resume keeps to what was to be measured then: leave --quick out, or begin anew with another --output.\n',
    )
  })

  test('results of a newer version', async () => {
    const file = join(folder(), 'results.json')
    writeFileSync(file, '{"format":"lockstep-results","version":7}')
    expect(await refused(['compare', '--results', file])).toBe(
      `lockstep: ${file} is of version 7, which a newer Lockstep has written: this one reads version 1. Use that Lockstep, or measure again.\n`,
    )
    expect(await refused(['compare', '--quick', '--against', file])).toContain('of version 7')
  })

  test('a folder that it may not write to, before it measures', async () => {
    const readOnly = folder()
    writeFileSync(join(readOnly, 'file'), '')
    expect(await refused([...two, '--output', join(readOnly, 'file', 'new')])).toMatch(
      /^lockstep: No results can be written to .*file\/new: there is a file of that name\. Name another folder with --output\.\n$/,
    )
    chmodSync(readOnly, 0o500)
    const uid = process.getuid?.() === 0 ? 65_534 : undefined
    if (uid !== undefined) chmodSync(readOnly, 0o555)
    const { exitCode, stderr } = await lockstep([...two, '--output', join(readOnly, 'new')], {
      uid,
    })
    expect(stderr).toContain('it is not allowed. Name another folder with --output.')
    expect(exitCode).toBe(2)
  })
})
