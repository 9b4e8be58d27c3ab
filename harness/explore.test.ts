import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Lane } from './databases/engine.ts'
import { connect } from './databases/engines/postgres/client.ts'
import { StrategyFault } from './errors.ts'
import { explore } from './explore.ts'
import { exhaustive } from './explorers/exhaustive.ts'
import { pct } from './explorers/pct.ts'
import { random } from './explorers/random.ts'
import { reduced } from './explorers/reduced.ts'
import type { History } from './history.ts'
import { defaultLimits } from './limits.ts'
import { ok, rejected } from './reply.ts'
import { defineStrategy, type Strategy } from './strategy.ts'
import { laneForTest, openLane, testServer } from './testing/lane.ts'
import { oppositeOrder, purchaseStrategy } from './testing/strategies.ts'
import type { Exploration } from './verdict.ts'
import { redemption } from './workloads/redemption.ts'

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
})
afterAll(() => lane.close())

/** Every buyer does the same fixed number of statements, and none of them can wait. */
const reader = (statements: number): Strategy =>
  purchaseStrategy(`reads-${statements}`, async (session, command) => {
    for (let count = 0; count < statements; count++) {
      await session.sql`SELECT stock FROM product WHERE id = ${command.productId}`
    }
    return ok()
  })

const unsafe = purchaseStrategy(
  'unsafe',
  async (session, { productId, quantity }) => {
    const [product] = await session.sql<{ stock: number }>`
      SELECT stock FROM product WHERE id = ${productId}`
    if (!product || product.stock < quantity) return rejected('not enough stock')
    await session.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
    return ok()
  },
  ['stock-never-negative'],
)

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

test.for([
  [1, 2],
  [2, 2],
  [3, 2],
  [5, 2],
  [2, 3],
] as const)(
  'without waits, %i statements each of %i actors have as many schedules as there are orders',
  async ([statements, actors]) => {
    const exploration = await explore({
      lane,
      strategy: reader(statements),
      explorer: exhaustive,
      grains: ['statement'],
      actors,
    })
    const orders = factorial(statements * actors) / factorial(statements) ** actors
    expect(exploration).toMatchObject({ verdict: 'holds', exhausted: true, schedules: orders })
  },
)

test('what a strategy claims and breaks is found, made small and repeated', async () => {
  const exploration = await explore({ lane, strategy: unsafe, explorer: random, seed: 3 })
  expect(exploration).toMatchObject({
    verdict: 'violated',
    exhausted: false,
    counterexample: {
      invariant: 'stock-never-negative',
      actors: 2,
      steps: 4,
      contextSwitches: 2,
      replays: { reproduced: 10, of: 10 },
    },
  })
})

test('an exhaustive search finds the same and stops there', async () => {
  const exploration = await explore({ lane, strategy: unsafe, explorer: exhaustive })
  expect(exploration).toMatchObject({
    verdict: 'violated',
    exhausted: false,
    scenario: 'last-item',
    counterexample: { steps: 4, contextSwitches: 2 },
  })
})

test('what a strategy does not claim is measured and not judged', async () => {
  const forgetful = purchaseStrategy('forgetful', async (session, { productId, quantity }) => {
    const sold = await session.sql`
      UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId} AND stock >= ${quantity}`
    return sold.affectedRows === 0 ? rejected('not enough stock') : ok()
  })
  const options = { lane, strategy: forgetful, explorer: random, seed: 1, schedules: 30 }
  const exploration = await explore(options)
  expect(exploration.verdict).toBe('holds')
  const rows = exploration.invariants.find(({ name }) => name === 'ok-has-its-purchase')
  expect(rows).toMatchObject({ claimed: false, judged: false })
  expect(rows?.violations).toBeGreaterThan(0)
  const judged = await explore({ ...options, invariants: ['ok-has-its-purchase'] })
  expect(judged).toMatchObject({
    verdict: 'violated',
    counterexample: { invariant: 'ok-has-its-purchase', actors: 1, steps: 1, contextSwitches: 0 },
  })
})

test('a strategy that claims nothing is not said to hold', async () => {
  const modest = purchaseStrategy('modest', () => Promise.resolve(ok()), [])
  await expect(explore({ lane, strategy: modest, explorer: random })).rejects.toThrow(
    'Strategy "modest" claims no invariant, so there is nothing to judge: name one with --invariant.',
  )
})

test('the same seed draws the same plans, and they have the same histories', async () => {
  const histories = async (): Promise<History[]> => {
    const seen: History[] = []
    await explore({
      lane,
      strategy: oppositeOrder,
      explorer: random,
      seed: 42,
      // Inside statements one commit more often releases several, of whom the database picks one.
      grains: ['statement'],
      schedules: 60,
      onRun: ({ history }) => seen.push(history),
    })
    return seen
  }
  const first = await histories()
  expect(first).toHaveLength(60)
  expect(first.flat().some((event) => event.kind === 'blocked')).toBe(true)
  expect(first.flat().some((event) => event.kind === 'failed')).toBe(true)
  expect(await histories()).toEqual(first)
})

test('a strategy that never does anything is not said to hold', async () => {
  const broken = purchaseStrategy('broken', async (session) => {
    await session.sql`SELEC stock FROM product`
    return ok()
  })
  for (const explorer of [random, exhaustive]) {
    const exploration = await explore({ lane, strategy: broken, explorer, schedules: 2 })
    expect(exploration).toMatchObject({ verdict: 'inconclusive', fault: 'strategy', schedules: 2 })
    expect(reasonOf(exploration)).toBe(
      'Strategy "broken" did nothing that could be judged: in 2 schedules none of the commands that it has to do was answered with ok. What they got most often was aborted: other: syntax error at or near "SELEC" (42601).',
    )
  }
})

test('an option that names nothing is refused', async () => {
  await expect(
    explore({ lane, strategy: unsafe, explorer: random, invariants: ['stock-never-negatve'] }),
  ).rejects.toThrow(
    'There is no invariant "stock-never-negatve". Did you mean "stock-never-negative"?',
  )
})

const reasonOf = (exploration: Exploration): string =>
  exploration.verdict === 'inconclusive' ? exploration.reason : exploration.verdict

test('a fault makes it inconclusive, with the reason', async () => {
  const strategy = purchaseStrategy('hangs', () => new Promise(() => {}))
  const limits = { ...defaultLimits, strategyMs: 200 }
  const exploration = await explore({ lane, strategy, explorer: random, limits })
  expect(exploration).toMatchObject({ verdict: 'inconclusive', fault: 'strategy', schedules: 0 })
  expect(reasonOf(exploration)).toContain('Strategy "hangs" hangs')
})

test('tables that cannot be made are inconclusive', async () => {
  const strategy = { ...unsafe, schema: ['ALTER TABLE produkt ADD COLUMN version INT'] }
  const exploration = await explore({ lane, strategy, explorer: random })
  expect(reasonOf(exploration)).toBe(
    'The tables of strategy "unsafe" cannot be made, perhaps because of its schema: PostgreSQL did not do what Lockstep asked of it: relation "produkt" does not exist.',
  )
})

test('an invariant that crashes is a crash, and no pass', async () => {
  const { workload } = unsafe
  const crashing = {
    name: 'crashing',
    summary: 'Cannot judge.',
    check: () => {
      throw new Error('boom')
    },
  }
  const strategy = {
    ...unsafe,
    workload: { ...workload, invariants: [crashing] },
    claims: ['crashing'],
  }
  for (const explorer of [random, exhaustive]) {
    await expect(explore({ lane, strategy, explorer })).rejects.toThrow('boom')
  }
})

test('a fault in the last schedule of all leaves the space not exhausted', async () => {
  let runs = 0
  const moody = purchaseStrategy('moody', async (session) => {
    await session.sql`SELECT 1`
    runs += 1
    if (runs === 4) throw new Error('in the second run of two')
    return ok()
  })
  const exploration = await explore({ lane, strategy: moody, explorer: exhaustive })
  expect(exploration).toMatchObject({ verdict: 'inconclusive', schedules: 1, exhausted: false })
})

test('a budget that allows no schedule is inconclusive', async () => {
  for (const explorer of [random, exhaustive]) {
    const exploration = await explore({ lane, strategy: unsafe, explorer, timeBudgetMs: 0 })
    expect(reasonOf(exploration)).toBe('The budget was used up before the first schedule.')
  }
})

test('a budget of schedules is kept, and the space is then not exhausted', async () => {
  for (const explorer of [random, exhaustive]) {
    const exploration = await explore({ lane, strategy: reader(5), explorer, schedules: 7 })
    expect(exploration).toMatchObject({ verdict: 'holds', schedules: 7, exhausted: false })
  }
})

test('an interruption is inconclusive, and says how far it came', async () => {
  const interruption = new AbortController()
  let runs = 0
  const exploration = await explore({
    lane,
    strategy: reader(2),
    explorer: random,
    signal: interruption.signal,
    onRun: () => ++runs === 5 && interruption.abort(),
  })
  expect(exploration).toMatchObject({ verdict: 'inconclusive', fault: 'interrupted', schedules: 5 })
  expect(reasonOf(exploration)).toBe('Interrupted after 5 schedules.')
})

test('an interruption for a fault gives the fault as the reason', async () => {
  const interruption = new AbortController()
  const exploration = await explore({
    lane,
    strategy: reader(2),
    explorer: random,
    signal: interruption.signal,
    // Far more than can be drawn in the time of a test.
    schedules: 100_000_000,
    onRun: () => interruption.abort(new StrategyFault('It left something behind.')),
  })
  expect(exploration).toMatchObject({ verdict: 'inconclusive', fault: 'strategy', schedules: 1 })
  expect(reasonOf(exploration)).toBe('It left something behind.')
})

test('an interruption for a fault that comes of the end of a run leaves that its own reason', async () => {
  const interruption = new AbortController()
  const throwing = purchaseStrategy('throwing', async ({ sql }) => {
    await sql`SELECT 1`
    setImmediate(() => interruption.abort(new StrategyFault('It left something behind.')))
    throw new TypeError('no such thing')
  })
  const exploration = await explore({
    lane,
    strategy: throwing,
    explorer: random,
    signal: interruption.signal,
  })
  expect(interruption.signal.aborted).toBe(true)
  expect(reasonOf(exploration)).toMatch(/^Strategy "throwing" threw TypeError: no such thing /)
})

test('an interruption after the search keeps what was found, and repeats it', async () => {
  const interruption = new AbortController()
  const exploration = await explore({
    lane,
    strategy: unsafe,
    explorer: random,
    seed: 1,
    signal: interruption.signal,
    onRun: (_, violations) => {
      if (violations.some(({ invariant }) => unsafe.claims.includes(invariant)))
        interruption.abort()
    },
  })
  expect(exploration).toMatchObject({
    verdict: 'violated',
    counterexample: { replays: { reproduced: 10, of: 10 } },
  })
})

test('a lane that is lost half way is inconclusive', async () => {
  const own = await laneForTest()
  const admin = await connect(testServer().url)
  let runs = 0
  try {
    const exploration = await explore({
      lane: own,
      strategy: reader(3),
      explorer: random,
      onRun: () => {
        if (++runs !== 5) return
        void admin.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${own.database}'`,
        )
      },
    })
    expect(exploration).toMatchObject({ verdict: 'inconclusive', fault: 'database' })
  } finally {
    await admin.end()
  }
})

const stateful = (): Strategy => {
  let calls = 0
  return purchaseStrategy('stateful', async (session) => {
    calls += 1
    const call = calls
    await session.sql`SELECT 1`
    await session.sql`SELECT ${call > 5 ? 1 : 2} AS one`
    return ok()
  })
}

test('a strategy that keeps state between runs is not said to hold', async () => {
  const enumerated = await explore({ lane, strategy: stateful(), explorer: exhaustive })
  expect(reasonOf(enumerated)).toMatch(
    /^The same choices led to another situation at step \d: the run is not deterministic/,
  )
  // With this seed the first plan, which is run again at the end, has commands of the strategy's.
  const sampling = { explorer: random, schedules: 20, seed: 1 }
  const sampled = await explore({ lane, strategy: stateful(), ...sampling })
  expect(reasonOf(sampled)).toMatch(
    /^Something outlasts the runs of strategy "stateful", such as state it keeps in the process/,
  )
})

test('what is never broken again in a replay is not called violated', async () => {
  let broken = false
  const once = purchaseStrategy('once', async (session) => {
    const stock = broken ? 1 : -1
    broken = true
    await session.sql`UPDATE product SET stock = ${stock}`
    return ok()
  })
  const exploration = await explore({ lane, strategy: once, explorer: random, seed: 1 })
  expect(exploration).toMatchObject({ verdict: 'inconclusive', fault: 'strategy' })
  expect(reasonOf(exploration)).toMatch(
    /^stock-never-negative was broken once \(.*\), and in none of 10 replays again\./,
  )
})

test('tables and sequences that a strategy brings are the same in every run', async () => {
  const numbered: Strategy = {
    ...purchaseStrategy('numbered', async (session, { userId }) => {
      const [seen] = await session.sql<{ seen: number }>`SELECT count(*) AS seen FROM log`
      const [row] = await session.sql<{ id: number }>`
        INSERT INTO log (note) VALUES (${seen?.seen ?? 0}) RETURNING id`
      await session.sql`UPDATE log SET note = ${userId} WHERE id = ${row?.id ?? 0}`
      return ok()
    }),
    schema: ['CREATE TABLE log (id SERIAL PRIMARY KEY, note INT)'],
  }
  const exploration = await explore({ lane, strategy: numbered, explorer: exhaustive })
  expect(exploration).toMatchObject({ verdict: 'holds', exhausted: true })
})

test('a schema that fills tables of its own is refused', async () => {
  const strategy = {
    ...unsafe,
    schema: ['CREATE TABLE setting (name TEXT)', "INSERT INTO setting VALUES ('x')"],
  }
  const exploration = await explore({ lane, strategy, explorer: random })
  expect(reasonOf(exploration)).toContain('puts rows into its own table setting')
})

test('what a session is left with does not reach the next run', async () => {
  const leaving = purchaseStrategy('leaving', async (session) => {
    await session.sql`SELECT id INTO TEMP seen FROM product`
    await session.sql`PREPARE find AS SELECT 1`
    await session.sql`SELECT pg_advisory_lock_shared(5)`
    await session.sql`SET search_path = nowhere, public`
    return ok()
  })
  const exploration = await explore({ lane, strategy: leaving, explorer: exhaustive })
  expect(exploration.verdict).toBe('holds')
  expect(exploration.replies.aborted).toEqual({})
})

test('a state that COMMIT AND CHAIN commits is observed', async () => {
  const chained = purchaseStrategy('chained', async (session, { productId }) => {
    await session.sql`BEGIN`
    await session.sql`UPDATE product SET stock = stock - 9 WHERE id = ${productId}`
    await session.sql`COMMIT AND CHAIN`
    await session.sql`UPDATE product SET stock = stock + 9 WHERE id = ${productId}`
    await session.sql`COMMIT`
    return ok()
  })
  const exploration = await explore({ lane, strategy: chained, explorer: exhaustive })
  expect(exploration).toMatchObject({
    verdict: 'violated',
    counterexample: { invariant: 'stock-never-negative' },
  })
})

test('a lock on a whole table keeps readers waiting, and no run from going on', async () => {
  const locking = purchaseStrategy('locking', (session, { productId, quantity }) =>
    session.transaction(async (tx) => {
      await tx.sql`LOCK TABLE product`
      const sold = await tx.sql`
        UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId} AND stock >= ${quantity}`
      return sold.affectedRows === 0 ? rejected('not enough stock') : ok()
    }),
  )
  const exploration = await explore({ lane, strategy: locking, explorer: exhaustive })
  expect(exploration).toMatchObject({ verdict: 'holds', exhausted: true })
})

test('when the time is up, the run under way is brought to its end', async () => {
  let [begun, ended] = [0, 0]
  const slow = purchaseStrategy('slow', async (session) => {
    begun += 1
    await session.sql`SELECT pg_sleep(0.02)`
    ended += 1
    return ok()
  })
  const options = { lane, strategy: slow, explorer: random, timeBudgetMs: 200 }
  const exploration = await explore(options)
  expect(exploration.verdict).toBe('holds')
  expect(exploration.schedules).toBeGreaterThan(0)
  expect(ended).toBe(begun)
})

const grainsOf = ({ grains }: Exploration) =>
  grains.map(({ grain, schedules, exhausted, notRun }) => [
    grain,
    schedules,
    notRun ?? (exhausted ? 'all' : 'some'),
  ])

/** One statement, which is a transaction of its own, and so believed to be atomic. */
const atOnce = defineStrategy({
  name: 'at-once',
  workload: redemption,
  summary: 'For a test.',
  claims: ['one-redemption-per-user'],
  async execute(session, { userId, code }) {
    const inserted = await session.sql`
      INSERT INTO redemption (coupon_id, user_id)
      SELECT id, ${userId} FROM coupon c WHERE code = ${code}
      AND NOT EXISTS (SELECT 1 FROM redemption r WHERE r.coupon_id = c.id AND r.user_id = ${userId})`
    if (inserted.affectedRows > 0) return ok()
    const [coupon] = await session.sql`SELECT id FROM coupon WHERE code = ${code}`
    return rejected(coupon ? 'already redeemed' : 'no such coupon')
  },
})

test('a budget is divided among grains, and each is accounted for', async () => {
  const sampled = await explore({ lane, strategy: reader(2), explorer: random, schedules: 9 })
  expect(grainsOf(sampled)).toEqual([
    ['statement', 5, 'some'],
    ['phase', 4, 'some'],
  ])
  const enumerated = await explore({
    lane,
    strategy: reader(2),
    explorer: exhaustive,
    schedules: 9,
  })
  expect(grainsOf(enumerated)).toEqual([
    ['statement', 6, 'all'],
    ['phase', 3, 'some'],
  ])
  expect(enumerated.exhausted).toBe(false)
  const little = await explore({ lane, strategy: reader(2), explorer: exhaustive, schedules: 6 })
  expect(grainsOf(little)).toEqual([
    ['statement', 6, 'all'],
    ['phase', 0, 'the budget was used up before'],
  ])
  const broken = await explore({ lane, strategy: unsafe, explorer: random, seed: 3 })
  expect(grainsOf(broken)[1]).toEqual(['phase', 0, 'a violation was found before'])
})

test('a race inside a statement is found between what it reads and what it writes, and nowhere else', async () => {
  const options = { lane, strategy: atOnce, explorer: exhaustive }
  const between = await explore({ ...options, grains: ['statement'] })
  expect(between).toMatchObject({ verdict: 'holds', exhausted: true, schedules: 2 })
  const inside = await explore(options)
  expect(grainsOf(inside)[0]).toEqual(['statement', 2, 'all'])
  expect(inside).toMatchObject({
    verdict: 'violated',
    counterexample: {
      invariant: 'one-redemption-per-user',
      grain: 'phase',
      steps: 4,
      replays: { reproduced: 10, of: 10 },
    },
  })
})

test('serial equivalence is counted, and judged by when it is asked for', async () => {
  const options = { lane, strategy: unsafe, explorer: exhaustive }
  const byClaim = await explore({ ...options, invariants: ['ok-has-its-purchase'] })
  expect(byClaim.invariants.at(-1)).toMatchObject({ name: 'serial-equivalence', claimed: false })
  const judged = await explore({ ...options, strategy: atOnce, invariants: ['serial-equivalence'] })
  expect(reasonOf(judged)).toBe('violated')
  expect(judged).toMatchObject({
    verdict: 'violated',
    counterexample: {
      message:
        'No serial order gives these replies and rows: the nearest is B then A, where A is told rejected (already redeemed) instead of ok and redemption has 1 row instead of 2.',
    },
  })
})

test('what the strategy does wrong even alone is not said to be a matter of concurrency', async () => {
  // It keeps no row of what it sells.
  const exploration = await explore({
    lane,
    strategy: unsafe,
    explorer: exhaustive,
    invariants: ['serial-equivalence'],
  })
  expect(exploration).toMatchObject({ verdict: 'inconclusive', fault: 'strategy' })
  expect(reasonOf(exploration)).toMatch(
    /^Run alone, in \d of \d serial orders?, the strategy does not/,
  )
})

test('a run that is not the same when it is repeated is a finding of its own', async () => {
  let runs = 0
  const moody = purchaseStrategy('moody', async (session) => {
    await session.sql`SELECT ${(runs += 1)} AS run`
    return ok()
  })
  const options = { lane, strategy: moody, explorer: exhaustive, grains: ['statement'] } as const
  const never = await explore({ ...options, actors: 3, schedules: 1, selfCheckEvery: 0 })
  expect(never.selfCheck).toEqual({ runs: 0, differences: 0, chosenByDatabase: 0 })
  const checked = await explore({ ...options, schedules: 1, selfCheckEvery: 1 })
  expect(checked).toMatchObject({ verdict: 'inconclusive', fault: 'strategy' })
  expect(checked.selfCheck).toMatchObject({ runs: 1, differences: 1 })
  expect(reasonOf(checked)).toMatch(
    /^The same plan did not give the same run in 1 of 1 self-check, so the others may not have been what they should have been\. /,
  )
})

test('one run in so many is repeated, and one that is the same counts for nothing', async () => {
  const options = { lane, strategy: reader(2), explorer: random, schedules: 25, selfCheckEvery: 5 }
  const exploration = await explore(options)
  expect(exploration).toMatchObject({ verdict: 'holds', schedules: 25 })
  // Of 13 schedules and of 12.
  expect(exploration.selfCheck).toEqual({ runs: 4, differences: 0, chosenByDatabase: 0 })
})

test('an enumeration with a bound on preemptions does not exhaust the space', async () => {
  const options = {
    lane,
    strategy: reader(3),
    explorer: exhaustive,
    grains: ['statement'],
  } as const
  const bounded = await explore({ ...options, preemptions: 1 })
  expect(bounded).toMatchObject({ verdict: 'holds', exhausted: false })
  expect(bounded.explorer).toEqual({ name: 'exhaustive', preemptions: 1 })
  expect(bounded.grains).toMatchObject([{ grain: 'statement', schedules: 6, exhausted: true }])
  expect(bounded.grains[0]?.coverage).toEqual({ schedules: 6, classes: 4, singletons: 2 })
})

test('a reduced search comes to the same verdict with fewer schedules', async () => {
  const grains = ['statement'] as const
  const [full, few] = [
    await explore({ lane, strategy: reader(3), explorer: exhaustive, grains }),
    await explore({ lane, strategy: reader(3), explorer: reduced, grains }),
  ]
  expect(few).toMatchObject({ verdict: full.verdict, exhausted: true })
  expect(few.schedules).toBeLessThan(full.schedules)
  expect(few.grains[0]?.coverage?.classes).toBe(full.grains[0]?.coverage?.classes)
})

test('options that do not go together are refused', async () => {
  await expect(
    explore({ lane, strategy: unsafe, explorer: exhaustive, grains: ['overlap'] }),
  ).rejects.toThrow(
    'Explorer "exhaustive" cannot enumerate what the server decides: choose a sampling explorer for --grain overlap.',
  )
  await expect(
    explore({ lane, strategy: unsafe, explorer: random, preemptions: 1 }),
  ).rejects.toThrow(
    'Explorer "random" generates its own switches: leave --preemptions out, or choose a systematic explorer.',
  )
  await expect(
    explore({ lane, strategy: unsafe, explorer: reduced, preemptions: 1 }),
  ).rejects.toThrow(/^Explorer "reduced" takes no bound on switches or preemptions: /)
})

test('statements that overlap are repeated often, and the rate is told', async () => {
  const options = { lane, strategy: unsafe, explorer: random, seed: 1 }
  const exploration = await explore({ ...options, grains: ['overlap'] })
  expect(exploration).toMatchObject({ verdict: 'violated', counterexample: { grain: 'overlap' } })
  if (exploration.verdict !== 'violated') return
  const { replays } = exploration.counterexample
  expect(replays.of).toBe(100)
  expect(replays.reproduced).toBeGreaterThan(0)
  expect(exploration.selfCheck.runs).toBe(0)
  await expect(explore({ ...options, explorer: pct, grains: ['overlap'] })).rejects.toThrow(
    'Explorer "pct" never sends statements together: choose random for --grain overlap.',
  )
})

test('what serial equivalence cannot judge has not held', async () => {
  const [first] = atOnce.workload.scenarios
  const many = { ...atOnce.workload, scenarios: [{ ...first, start: () => manyCommands }] }
  const strategy = { ...atOnce, workload: many as unknown as Strategy['workload'] }
  const options = { lane, strategy, explorer: exhaustive, schedules: 1, selfCheckEvery: 0 }
  const judged = await explore({ ...options, invariants: ['serial-equivalence'] })
  expect(judged).toMatchObject({ verdict: 'inconclusive', fault: 'harness' })
  expect(reasonOf(judged)).toMatch(
    /^serial-equivalence cannot be judged\. A run of \d+ commands has/,
  )
  const counted = await explore(options)
  expect(counted.verdict).toBe('holds')
  expect(counted.invariants.at(-1)).toMatchObject({ violations: 0, undecided: 1 })
})

/** More than anybody would look at the serial orders of. */
const manyCommands = {
  initial: { coupon: [{ id: 1, code: 'C1', active: true, cap: null }], redemption: [] },
  actors: [0, 1].map((actor) =>
    Array.from({ length: 16 }, (_, index) => {
      return { kind: 'redeem', userId: 2 * index + actor, code: 'C1' }
    }),
  ),
}

test.each([2, 3])(
  'with %i actors, a search counts where the database had a choice',
  async (actors) => {
    const locking = purchaseStrategy('locking', (session, { productId, quantity }) =>
      session.transaction(async (tx) => {
        await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
        return ok()
      }),
    )
    const exploration = await explore({
      lane,
      strategy: locking,
      explorer: reduced,
      grains: ['statement'],
      invariants: ['stock-never-negative'],
      scenario: 'plenty',
      actors,
    })
    const [{ chosenByDatabase, schedules } = { schedules: 0 }] = exploration.grains
    if (actors === 2) return expect(chosenByDatabase).toBeUndefined()
    expect(chosenByDatabase).toBeGreaterThan(0)
    expect(chosenByDatabase).toBeLessThan(schedules)
  },
)
