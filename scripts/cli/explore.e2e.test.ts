import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeToken } from '../../harness/index.ts'
import {
  fixture,
  lockstep,
  lockstepJson,
  root,
  type Ended,
  type Report,
} from '../fixtures/program.ts'

const words = (text: string): string[] => text.split(' ')
const unsafe = words(
  'explore --strategy check-then-insert --seed 42 --invariant one-redemption-per-user',
)

/** What to paste, as the words of a command line, and without the program's name. */
function replayLine({ stdout }: Ended): readonly string[] {
  const [, line = ''] = /\nTo replay it:\nnpx -y pnpm@12 lockstep (.*)\n/.exec(stdout) ?? []
  const { stdout: split } = spawnSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
  return split.trimEnd().split('\n')
}

/** Lines that do not fit on the page; a token is one word and may not be broken. */
const tooWide = ({ stdout }: Ended): string[] =>
  stdout.split('\n').filter((line) => line.length > 100 && !line.includes(' ls1.'))

describe.concurrent('a strategy that breaks its invariant', () => {
  const shown = lockstep(unsafe)
  const document = lockstepJson<Required<Report>>(unsafe)

  test('is shown to people, on one page', async () => {
    const ended = await shown
    expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toEqual({ exitCode: 1, stderr: '' })
    const { stdout } = ended
    expect(stdout).toMatch(
      /^VIOLATED {2}redemption\/check-then-insert on PostgreSQL \d+\.\d+ \(embedded\), read-committed\n/,
    )
    expect(stdout).toMatch(/\n {2}one-redemption-per-user: User \d has redeemed C\d 2 times: /)
    expect(stdout).toMatch(
      /\n2 actors, \d+ steps, \d context switch(es)?; happened again in 10 of 10 replays\n/,
    )
    expect(stdout).toMatch(/\nBefore:\n {2}coupon .*\n {2}redemption {2}\(no rows\)\n/)
    expect(stdout).toMatch(/\nstep {2}A {40,}B\n/)
    expect(stdout).toMatch(/\n {2}\d+ schedules? \(random, seed 42\), /)
    expect(tooWide(ended)).toEqual([])
    expect(stdout).not.toContain('\u001B')
  })

  test('does it again when the printed line is pasted', async () => {
    const [command, token = ''] = replayLine(await shown)
    expect(command).toBe('replay')
    const text = await lockstep(['replay', token])
    expect({ exitCode: text.exitCode, stderr: text.stderr }).toEqual({ exitCode: 1, stderr: '' })
    expect(text.stdout).toMatch(/^VIOLATED {2}redemption\/check-then-insert on PostgreSQL/)
    expect(text.stdout).toContain('\n  one-redemption-per-user: ')
    expect(tooWide(text)).toEqual([])
    // The replay shows the same run.
    const timeline = (ended: Ended) => /\nstep .*?\n\nAfter:/s.exec(ended.stdout)?.[0]
    expect(timeline(text)).toBe(timeline(await shown))
  })

  test('is one document for programs', async () => {
    expect(await document).toMatchObject({
      exitCode: 1,
      verdict: 'violated',
      workload: 'redemption',
      strategy: 'check-then-insert',
      database: {
        engine: 'postgres',
        version: expect.stringMatching(/^\d+\.\d+$/),
        provider: 'embedded',
      },
      isolation: 'read-committed',
      explorer: { name: 'random', seed: 42 },
      schedules: expect.any(Number),
      exhausted: false,
      elapsedMs: expect.any(Number),
      schedulesPerSecond: expect.any(Number),
      replies: { ok: expect.any(Number), rejected: expect.any(Number), aborted: {} },
      counterexample: {
        invariant: 'one-redemption-per-user',
        message: expect.stringContaining('has redeemed'),
        actors: 2,
        steps: expect.any(Number),
        contextSwitches: expect.any(Number),
        token: expect.stringMatching(/^ls1\./),
        replays: { reproduced: 10, of: 10 },
      },
    })
    expect(Object.keys(await document)[0]).toBe('verdict')
  })

  test('is the same for the same seed', async () => {
    const { counterexample, schedules } = await document
    const ended = await shown
    expect(replayLine(ended)).toEqual(['replay', counterexample.token])
    expect(ended.stdout).toMatch(RegExp(`\n  ${schedules} schedules? \\(random, seed 42\\), `))
    expect(decodeToken(counterexample.token)).toMatchObject({
      workload: 'redemption',
      strategy: 'check-then-insert',
      engine: 'postgres',
      invariant: 'one-redemption-per-user',
    })
  })
})

test('a strategy that is in a file is replayed from there, whatever the file is called', async () => {
  const folder = mkdtempSync(join(tmpdir(), "it's a folder "))
  try {
    const file = join(folder, 'strategy.ts')
    symlinkSync(join(root, fixture('commits-aborted-transaction')), file)
    const explored = await lockstep(['explore', '--strategy', file, '--explorer', 'exhaustive'])
    expect({ ...explored, stdout: '' }).toEqual({ exitCode: 1, stdout: '', stderr: '' })
    expect(explored.stdout).toContain('\n  ok-has-its-redemption: User ')
    expect(explored.stdout).toContain('→ rolled back, because a statement before it')
    const line = replayLine(explored)
    expect(line.slice(0, 3)).toEqual(['replay', '--strategy', file])
    expect(await lockstepJson<object>(line)).toMatchObject({
      exitCode: 1,
      verdict: 'violated',
      invariant: 'ok-has-its-redemption',
      violations: [{ invariant: 'ok-has-its-redemption' }, { invariant: 'serial-equivalence' }],
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

describe.concurrent('explore', () => {
  test('--explorer exhaustive says when the space is exhausted', async () => {
    const args = words('explore --strategy unique-constraint --explorer exhaustive')
    const [document, text] = await Promise.all([lockstepJson(args), lockstep(args)])
    expect(document).toMatchObject({
      exitCode: 0,
      verdict: 'holds',
      exhausted: true,
      explorer: { name: 'exhaustive' },
      scenario: 'same-user',
    })
    expect(document.schedules).toBeGreaterThan(10)
    expect(text).toMatchObject({ exitCode: 0, stderr: '' })
    expect(text.stdout).toMatch(/^HOLDS {2}redemption\/unique-constraint on /)
    expect(text.stdout).toContain(
      `\n  all ${document.schedules} schedules of scenario same-user (exhaustive), `,
    )
    expect(text.stdout).toContain('redemptions-within-cap: held, not claimed by the strategy')
  })

  test('--scenario and --actors choose the start', async () => {
    const document = await lockstepJson(
      words(
        'explore --strategy unique-constraint --explorer exhaustive --grain statement --scenario last-redemption --actors 2',
      ),
    )
    expect(document).toMatchObject({
      exitCode: 0,
      scenario: 'last-redemption',
      schedules: 70,
      exhausted: true,
      replies: { ok: 140, rejected: 0 },
    })
  })

  test('--grain says where to look, and the report where it was looked', async () => {
    const args =
      'explore --strategy unique-constraint --explorer exhaustive --grain phase,statement'
    const { exitCode, stdout } = await lockstep(words(args))
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(
      /\n {2}inside writing statements: all (\d+) schedules of \d+ classes\n {2}between statements: all (\d+) schedules of \d+ classes\n/,
    )
    expect(stdout).toMatch(/\n {2}self-check: \d+ runs repeated, no difference\n/)
    expect(stdout).toContain('\n  serial-equivalence: held, not claimed by the strategy, measured')
  })

  test('--explorer reduced comes to the same with fewer schedules', async () => {
    const args = 'explore --strategy unique-constraint --grain statement --explorer '
    const [full, reduced] = await Promise.all(
      ['exhaustive', 'reduced'].map((name) => lockstepJson(words(args + name))),
    )
    for (const document of [full, reduced]) {
      expect(document).toMatchObject({ verdict: 'holds', exhausted: true })
    }
    expect(reduced?.schedules).toBeLessThan((full?.schedules ?? 0) / 5)
  })

  test('--depth is for pct, which finds the same', async () => {
    const document = await lockstepJson([...unsafe, ...words('--explorer pct --depth 2')])
    expect(document).toMatchObject({ exitCode: 1, explorer: { name: 'pct', seed: 42 } })
  })

  test('--export spec prints what the isolation tester understands, and the report on stderr', async () => {
    const { exitCode, stdout, stderr } = await lockstep([...unsafe, '--export', 'spec'])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^VIOLATED {2}redemption\/check-then-insert on /)
    expect(stdout).toMatch(/^# redemption\/check-then-insert breaks one-redemption-per-user: /)
    expect(stdout).toMatch(/\npermutation (?:[ab]\d )+show_coupon show_redemption\n$/)
    const [token = ''] = /ls1\.\S+/.exec(stdout) ?? []
    const replayed = await lockstep(['replay', token, '--export', 'spec'])
    expect(replayed.stdout).toBe(stdout)
  })

  test('--isolation is in force, and shown', async () => {
    const { exitCode, stdout } = await lockstep([
      ...unsafe,
      '--isolation',
      'serializable',
      '--schedules',
      '60',
    ])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^HOLDS .*, serializable\n/)
    expect(stdout).toMatch(/ aborted \(serialization failure\)/)
  })

  test('--invariant judges by what the strategy does not claim', async () => {
    const document = await lockstepJson(
      words('explore --strategy unique-constraint --seed 1 --invariant redemptions-within-cap'),
    )
    expect(document).toMatchObject({
      exitCode: 1,
      counterexample: { invariant: 'redemptions-within-cap' },
    })
  })

  test('--faults has connections break, and its token breaks them again', async () => {
    const search = words('explore --strategy naive-retry --seed 1 --faults connection')
    const { exitCode, stdout } = await lockstep([...search, '--invariant', 'bought-once'])
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/\n {2}bought-once: User 1 asked 1 time for 1 of product 1, and 2 rows /)
    expect(stdout).toMatch(
      /\n {6}<fault: the connection breaks before its\n {6}answer; it was done>/,
    )
    expect(stdout).toMatch(/\n {2}faults that struck: \d+ session-killed, \d+ client-dies, /)
    const [, token = ''] = /lockstep replay (\S+)/.exec(stdout) ?? []
    const again = await lockstep(['replay', token])
    expect(again.exitCode).toBe(1)
    expect(again.stdout).toContain('<fault: the connection breaks before its\n')
  })

  test('--faults all kills the server too, and so does its token', async () => {
    // Of two schedules without a preemption there is little to make smaller.
    const search = words('explore --faults all --explorer exhaustive --preemptions 0 --strategy')
    const found = await lockstep([...search, fixture('unlogged-table')])
    expect(found.exitCode).toBe(1)
    expect(found.stdout).toMatch(/1\s+row\s+of\s+before\s+is\s+gone: no\s+row\s+in\s+purchase\./)
    expect(found.stdout).toContain('<fault: the server is killed, and comes back>')
    expect(found.stdout).toMatch(/[1-9]\d* server-killed\n/)
    const again = await lockstep(replayLine(found))
    expect(again.exitCode).toBe(1)
    expect(again.stdout).toContain('<fault: the server is killed, and comes back>')
  })

  test('--faults takes the name of a selection', async () => {
    const ended = await lockstep(words('explore --strategy naive-retry --faults conection'))
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ended.stderr).toContain('connection')
  })

  test('--time-budget ends it in time, with what was seen until then', async () => {
    // Something is bought in the first schedule of this seed, in case a busy machine gets no further.
    const document = await lockstepJson(
      words(
        'explore --strategy select-for-update --workload purchase --schedules 1000000 --time-budget 2 --seed 2',
      ),
    )
    expect(document).toMatchObject({ exitCode: 0, verdict: 'holds', exhausted: false })
    expect(document.schedules).toBeGreaterThan(0)
    expect(document.elapsedMs).toBeLessThan(10_000)
  })
})
