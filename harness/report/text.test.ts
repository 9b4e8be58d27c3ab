import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Rows } from '../databases/engine.ts'
import { random } from '../explorers/random.ts'
import { planArbitrary } from '../plan.ts'
import type { Exploration } from '../verdict.ts'
import { workloads } from '../workloads/index.ts'
import { purchase } from '../workloads/purchase.ts'
import { explored, lostUpdate } from './fixtures/lost-update.ts'
import { renderState, renderText } from './text.ts'

const options = { replayCommand: 'pnpm lockstep replay' }
const violated: Exploration = { ...explored, verdict: 'violated', counterexample: lostUpdate }

/** The text between a line break and a line break, as a snapshot reads best. */
const text = (exploration: Exploration): string =>
  `\n${renderText(purchase, exploration, options)}\n`

describe('a violation', () => {
  test('is shown from the invariant down to the line that replays it', () => {
    expect(text(violated)).toMatchInlineSnapshot(`
      "
      VIOLATED  purchase/read-modify-write on PostgreSQL 18.4 (embedded), read-committed
        stock-conserved: Product 1 had 2, 0 were restocked and 0 sold, so 2 should be left, and 1 are:
        product(id 1, stock 1); no row in purchase.
        lost-update (P4 (G-single)), between commands: B writes at step 4 over what A has written to
        product(id 1) at step 3. Besides: stale-read.
        serial-equivalence: No serial order leaves these rows: the nearest is A then B.

      2 actors, 4 steps, 2 context switches; happened again in 10 of 10 replays

      Before:
        product   id 1, stock 2
                  id 2, stock 0
        purchase  (no rows)

      step  A                                               B
            purchase(user 1, 1 of product 1):
         1  SELECT stock FROM product WHERE id = 1
            → stock 2
                                                            purchase(user 2, 1 of product 1):
         2                                                  SELECT stock FROM product WHERE id = 1
                                                            → stock 2
         3                                                  UPDATE product SET stock = 1 WHERE id = 1
                                                            → 1 written
                                                            = ok
         4  UPDATE product SET stock = 1 WHERE id = 1
            → 1 written
            = ok

      After:
        product   id 1, stock 1
                  id 2, stock 0
        purchase  (no rows)

      To replay it:
      pnpm lockstep replay ls1.AAAA

        9 schedules (random, seed 42), 0.1 s, 512/s; the space is not exhausted
        between statements: 9 schedules of 7 classes, the next of a new one with probability 0.56 (at most
        1.00)
        inside writing statements: not run (a violation was found before)
        replies: 11 ok, 7 rejected
        stock-never-negative: held
        stock-conserved: broken in 1 schedule
        ok-has-its-purchase: held, not claimed by the strategy, measured only
      "
    `)
  })

  test('ends its counterexample with a command to paste, in one line however long', () => {
    const counterexample = { ...lostUpdate, token: `ls1.${'A'.repeat(500)}` }
    expect(text({ ...violated, counterexample })).toContain(
      `To replay it:\npnpm lockstep replay ${counterexample.token}\n\n`,
    )
  })

  test('says how often it happened again', () => {
    const counterexample = { ...lostUpdate, replays: { reproduced: 3, of: 10 }, contextSwitches: 1 }
    expect(text({ ...violated, counterexample })).toContain(
      '\n2 actors, 4 steps, 1 context switch; happened again in 3 of 10 replays\n',
    )
  })

  test('says when only the counterexample breaks what it is for', () => {
    const counterexample = { ...lostUpdate, invariant: 'stock-never-negative' }
    expect(text({ ...violated, counterexample })).toContain(
      'stock-never-negative: held in the search, broken in the counterexample\n',
    )
  })
})

/** The lines of a report that hold this, or go on after such a line. */
const linesWith = (exploration: Exploration, part: string): string[] =>
  text(exploration)
    .split('\n')
    .filter((line) => line.includes(part))

const withCounterexample = (change: Partial<typeof lostUpdate>): Exploration => ({
  ...explored,
  verdict: 'violated',
  counterexample: { ...lostUpdate, ...change },
})

describe('what a counterexample is called', () => {
  test('is said with why, or why it cannot be', () => {
    const explanation = 'No anomaly: it is wrong even alone.'
    const none = withCounterexample({ anomaly: { name: 'none', explanation } })
    expect(linesWith(none, 'nomaly')).toEqual([`  ${explanation}`])
    const unknown = withCounterexample({ anomaly: { name: 'unknown', why: 'A statement is odd.' } })
    expect(linesWith(unknown, 'nomaly')).toEqual([
      '  anomaly: it cannot be told which. A statement is odd.',
    ])
  })

  test('comes with what the serial orders say, unless that is what was broken', () => {
    const { serialEquivalence } = lostUpdate
    expect(linesWith(violated, 'serial')).toHaveLength(1)
    const serial = withCounterexample({
      serialEquivalence: { outcome: 'serial', order: [], isStrict: true },
    })
    expect(linesWith(serial, 'serial-')).toEqual([
      '  serial-equivalence: held; the same happens in a serial order.',
    ])
    const undecided = withCounterexample({
      serialEquivalence: { outcome: 'undecided', reason: 'There are too many.' },
    })
    expect(linesWith(undecided, 'serial-')).toEqual([
      '  serial-equivalence: not decided. There are too many.',
    ])
    const itself = withCounterexample({ invariant: 'serial-equivalence', serialEquivalence })
    expect(linesWith(itself, 'serial-')).toHaveLength(1)
  })

  test('says inside what it was found, and how often it came again', () => {
    const inside = withCounterexample({ grain: 'phase' })
    expect(linesWith(inside, 'happened again')).toEqual([
      'inside writing statements: 2 actors, 4 steps, 2 context switches; happened again in 10 of 10 replays',
    ])
  })
})

describe('what is counted besides', () => {
  test('is what kept commands from ending, and what came of repeating runs', () => {
    const counted: Exploration = {
      ...explored,
      verdict: 'holds',
      liveness: { ...explored.liveness, attemptsUsedUp: 3 },
      selfCheck: { runs: 4, differences: 1, chosenByDatabase: 2, first: 'They went apart.' },
    }
    expect(linesWith(counted, 'liveness')).toEqual(['  liveness: 3 with all attempts used up'])
    expect(linesWith(counted, 'repeated')).toEqual([
      '  self-check: 4 runs repeated, 1 difference, in 2 the database chose among several that waited',
    ])
    expect(linesWith(counted, 'went apart')).toEqual(['    They went apart.'])
  })

  test('is that some schedules stand for all', () => {
    const reduced: Exploration = {
      ...explored,
      verdict: 'holds',
      explorer: { name: 'reduced' },
      exhausted: true,
      grains: [
        { grain: 'statement', schedules: 8, exhausted: true, redundant: 0 },
        { grain: 'phase', schedules: 1, exhausted: true, redundant: 1 },
      ],
    }
    expect(linesWith({ ...reduced, invariants: [] }, 'schedule')).toEqual([
      '  9 schedules that stand for all (reduced), 0.1 s, 512/s',
      '  between statements: 8 schedules',
      '  inside writing statements: 1 schedule, 1 of them redundant',
    ])
  })

  test('is that all schedules are not all choices of the database', () => {
    const grains = [
      { grain: 'statement', schedules: 9, exhausted: true, chosenByDatabase: 4 },
      { grain: 'phase', schedules: 7, exhausted: false, chosenByDatabase: 4 },
    ] as const
    expect(linesWith({ ...explored, verdict: 'holds', grains }, 'statement')).toEqual([
      '  between statements: all 9 schedules; in 4 the database chose who came first',
      '  inside writing statements: 7 schedules',
    ])
  })

  test('is how much of the space was seen', () => {
    const coverage = { schedules: 9, classes: 1, singletons: 0, unseen: 0, unseenAtMost: 0 }
    const all: Exploration = {
      ...explored,
      verdict: 'holds',
      exhausted: true,
      grains: [{ grain: 'phase', schedules: 9, exhausted: true, coverage }],
    }
    expect(linesWith(all, 'class')).toEqual([
      '  inside writing statements: all 9 schedules of 1 class',
    ])
  })
})

describe('what holds', () => {
  const invariants = explored.invariants.map((each) => ({ ...each, violations: 0 }))

  test('is shown with what was tried', () => {
    const replies = {
      ok: 1_180,
      rejected: 20,
      aborted: { deadlock: 3, 'serialization failure': 41 },
      unknown: 2,
    }
    expect(
      text({
        ...explored,
        verdict: 'holds',
        strategy: 'select-for-update',
        database: { engine: 'mariadb', version: '12.3.2-MariaDB', provider: 'local' },
        isolation: 'repeatable-read',
        schedules: 1_000,
        elapsedMs: 12_345,
        schedulesPerSecond: 81,
        replies,
        invariants,
      }),
    ).toMatchInlineSnapshot(`
      "
      HOLDS  purchase/select-for-update on MariaDB 12.3.2-MariaDB (local), repeatable-read
        1,000 schedules (random, seed 42), 12.3 s, 81/s; the space is not exhausted
        between statements: 9 schedules of 7 classes, the next of a new one with probability 0.56 (at most
        1.00)
        inside writing statements: not run (a violation was found before)
        replies: 1,180 ok, 20 rejected, 3 aborted (deadlock), 41 aborted (serialization failure), 2
        unknown
        stock-never-negative: held
        stock-conserved: held
        ok-has-its-purchase: held, not claimed by the strategy, measured only
      "
    `)
  })

  test('says so when every schedule was tried', () => {
    expect(
      text({
        ...explored,
        verdict: 'holds',
        explorer: { name: 'exhaustive' },
        scenario: 'last-item',
        schedules: 2_682,
        exhausted: true,
        invariants,
      }),
    ).toMatchInlineSnapshot(`
      "
      HOLDS  purchase/read-modify-write on PostgreSQL 18.4 (embedded), read-committed
        all 2,682 schedules of scenario last-item (exhaustive), 0.1 s, 512/s
        between statements: 9 schedules of 7 classes, the next of a new one with probability 0.56 (at most
        1.00)
        inside writing statements: not run (a violation was found before)
        replies: 11 ok, 7 rejected
        stock-never-negative: held
        stock-conserved: held
        ok-has-its-purchase: held, not claimed by the strategy, measured only
      "
    `)
  })

  test('tells a claim that was not judged from one that is not made', () => {
    const standing = { name: 'stock-conserved', violations: 2 }
    const rendered = [
      { ...standing, claimed: true, judged: true },
      { ...standing, claimed: false, judged: true },
      { ...standing, claimed: true, judged: false },
      { ...standing, claimed: false, judged: false },
    ].map((each) =>
      text({ ...explored, verdict: 'holds', invariants: [each] })
        .split('\n')
        .at(-2),
    )
    expect(rendered).toEqual([
      '  stock-conserved: broken in 2 schedules',
      '  stock-conserved: broken in 2 schedules, not claimed by the strategy',
      '  stock-conserved: broken in 2 schedules, measured only',
      '  stock-conserved: broken in 2 schedules, not claimed by the strategy, measured only',
    ])
  })
})

describe('what is inconclusive', () => {
  const reason =
    'A statement neither completed nor was confirmed to wait for another actor within 5000 ms: actor B is in "UPDATE product SET stock = 1 WHERE id = 1", which the server does not report as waiting for a lock.'

  test('is shown with the reason, and with what was seen until then', () => {
    expect(text({ ...explored, verdict: 'inconclusive', reason, fault: 'database' }))
      .toMatchInlineSnapshot(`
        "
        INCONCLUSIVE  purchase/read-modify-write on PostgreSQL 18.4 (embedded), read-committed
          A statement neither completed nor was confirmed to wait for another actor within 5000 ms: actor B
          is in "UPDATE product SET stock = 1 WHERE id = 1", which the server does not report as waiting for
          a lock.
          9 schedules (random, seed 42), 0.1 s, 512/s; the space is not exhausted
          between statements: 9 schedules of 7 classes, the next of a new one with probability 0.56 (at most
          1.00)
          inside writing statements: not run (a violation was found before)
          replies: 11 ok, 7 rejected
          stock-never-negative: held
          stock-conserved: broken in 1 schedule
          ok-has-its-purchase: held, not claimed by the strategy, measured only
        "
      `)
  })

  test('claims nothing of invariants when nothing was run', () => {
    const nothing = { ...explored, schedules: 0, schedulesPerSecond: 0, elapsedMs: 5_004 }
    expect(text({ ...nothing, verdict: 'inconclusive', reason, fault: 'database' }))
      .toMatchInlineSnapshot(`
      "
      INCONCLUSIVE  purchase/read-modify-write on PostgreSQL 18.4 (embedded), read-committed
        A statement neither completed nor was confirmed to wait for another actor within 5000 ms: actor B
        is in "UPDATE product SET stock = 1 WHERE id = 1", which the server does not report as waiting for
        a lock.
        0 schedules (random, seed 42), 5.0 s, 0/s; the space is not exhausted
      "
    `)
  })
})

describe('a state', () => {
  test('has a line for each row, and says where there is none', () => {
    const state = {
      coupon: [
        { id: 1, code: 'C1', active: true, cap: null },
        { id: 2, code: "C'2", active: false, cap: 2 },
      ],
      redemption: [],
      product: [{ id: 1, stock: -1 }],
    }
    expect(`\n${renderState('After', state)}\n`).toMatchInlineSnapshot(`
      "
      After:
        coupon      id 1, code 'C1', active true, cap NULL
                    id 2, code 'C''2', active false, cap 2
        redemption  (no rows)
        product     id 1, stock -1
      "
    `)
  })
})

describe('whatever is found', () => {
  const found = fc.constantFrom(...workloads).chain((workload) =>
    fc.record({
      workload: fc.constant(workload),
      plan: planArbitrary(workload, random.schedule),
      final: workload.arbitrary.state as fc.Arbitrary<Rows>,
      message: fc.lorem({ mode: 'sentences' }),
      reason: fc.string({ unit: 'grapheme-ascii', maxLength: 400 }),
      verdict: fc.constantFrom('violated', 'holds', 'inconclusive'),
      isolation: fc.constantFrom('read-uncommitted', 'repeatable-read'),
    }),
  )

  test('no line but the one to paste is wider than 100 columns, and none has a colour', () => {
    fc.assert(
      fc.property(found, ({ workload, plan, final, message, reason, verdict, isolation }) => {
        const { run } = lostUpdate
        const observation = { ...run.observation, final }
        const counterexample = { ...lostUpdate, plan, message, run: { ...run, observation } }
        const where = { ...explored, isolation, workload: workload.name }
        const rendered = renderText(
          workload,
          { ...where, verdict, counterexample, reason, fault: 'harness' } as never,
          options,
        )
        expect(rendered).toBe(stripVTControlCharacters(rendered))
        for (const line of rendered.split('\n')) {
          if (line.startsWith(options.replayCommand)) continue
          expect(line.length).toBeLessThanOrEqual(100)
        }
      }),
    )
  })
})
