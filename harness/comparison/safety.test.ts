import { describe, expect, test } from 'vitest'
import { random } from '../explorers/random.ts'
import { explore } from '../explore.ts'
import { ok, rejected } from '../reply.ts'
import { prepareLane } from '../run.ts'
import { laneForTest } from '../testing/lane.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import { efforts, type Effort } from './effort.ts'
import { safetySchema } from './results.ts'
import { measureSafety } from './safety.ts'
import { runSeries, runUncontrolled } from './series.ts'

const racy = purchaseStrategy('racy', (session, { userId, productId, quantity }) =>
  session.transaction(async (tx) => {
    const [product] = await tx.sql`SELECT stock FROM product WHERE id = ${productId}`
    if (!product || Number(product['stock']) < quantity) return rejected('not enough stock')
    await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
    await tx.sql`INSERT INTO purchase VALUES (${userId}, ${productId}, ${quantity})`
    return ok()
  }),
)

const locked = purchaseStrategy('locked', (session, { productId, quantity, userId }) =>
  session.transaction(async (tx) => {
    const [product] = await tx.sql`SELECT stock FROM product WHERE id = ${productId} FOR UPDATE`
    if (!product || Number(product['stock']) < quantity) return rejected('not enough stock')
    await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
    await tx.sql`INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, ${quantity})`
    return ok()
  }),
)

const effort: Effort = { ...efforts.quick, seeds: 2, schedulesPerSeed: 15 }
const options = { effort, seed: 11, replayCommand: 'lockstep replay' }

describe('the safety of a strategy', () => {
  test('that breaks has a counterexample, a rate and a first violation for every seed', async () => {
    const lane = await laneForTest()
    const safety = await measureSafety({ ...options, lane, strategy: racy })
    const [search] = safety.searches
    expect(search).toMatchObject({
      verdict: 'violated',
      counterexample: { invariant: 'stock-never-negative', replays: { reproduced: 10, of: 10 } },
    })
    expect(search?.counterexample?.text).toContain('lockstep replay ls1.')
    expect(safety.rate?.series.map(({ seed, schedules }) => [seed, schedules])).toEqual([
      [11, 15],
      [12, 15],
    ])
    for (const { violations, first, invariants } of safety.rate?.series ?? []) {
      expect(first).toBeGreaterThan(0)
      expect(invariants['stock-never-negative']).toBe(violations)
    }
    expect(safety.naive?.trials).toBe(effort.naiveTrials)
    expect(safetySchema.parse(JSON.parse(JSON.stringify(safety)))).toEqual(safety)
  })

  test('that holds is enumerated if there is time, and then drawn', async () => {
    const lane = await laneForTest()
    const full = { ...effort, enumerationMs: 10_000 }
    const safety = await measureSafety({ ...options, effort: full, lane, strategy: locked })
    expect(safety.searches).toMatchObject([
      { verdict: 'holds', exhausted: true, explorer: { name: 'reduced' } },
      { verdict: 'holds', exhausted: false, explorer: { name: 'portfolio', seed: 11 } },
    ])
    expect(safety.rate?.series).toMatchObject([
      { violations: 0, first: null },
      { violations: 0, first: null },
    ])
    expect(safety.naive).toMatchObject({ violations: 0, notJudged: 0 })
  })

  test('that throws in every run has a reason, and counts what could not be judged', async () => {
    const lane = await laneForTest()
    const broken = purchaseStrategy('broken', () => {
      // oxlint-disable-next-line typescript/only-throw-error -- some code does
      throw 'a string'
    })
    const safety = await measureSafety({ ...options, lane, strategy: broken })
    expect(safety.searches).toMatchObject([
      { verdict: 'inconclusive', reason: expect.stringContaining('threw the string') as unknown },
    ])
    expect(safety.rate).toBeUndefined()
  })
})

describe('a series of drawn schedules', () => {
  test('finds its first violation where an exploration with the same seed does', async () => {
    const lane = await laneForTest()
    const at = { lane, strategy: racy, explorer: random, seed: 3 }
    const exploration = await explore({ ...at, schedules: 100, grains: ['statement'] })
    await prepareLane(lane, racy)
    const draw = { explorer: random, seed: 3, runs: 100 }
    const { first, runs, violations } = await runSeries(at, draw)
    expect(first).toBe(exploration.schedules)
    expect(runs).toBe(100)
    expect(violations).toBeGreaterThan(1)
    const short = await runSeries(at, { ...draw, untilFirst: true })
    expect(short).toMatchObject({ runs: first, violations: 1 })
  })

  test('counts what could not be judged as a run that has found nothing', async () => {
    const lane = await laneForTest()
    let calls = 0
    const moody = purchaseStrategy('moody', (session, command) => {
      calls += 1
      if (calls % 5 === 0) throw new TypeError('no such thing')
      return locked.handler('purchase')(session, command)
    })
    await prepareLane(lane, moody)
    const draw = { explorer: random, seed: 3, runs: 20 }
    const drawn = await runSeries({ lane, strategy: moody }, draw)
    expect(drawn).toMatchObject({ runs: 20, violations: 0 })
    expect(drawn.notJudged).toBeGreaterThan(0)
    const naive = await runUncontrolled({ lane, strategy: moody }, 'none', draw)
    expect(naive.runs).toBe(20)
    expect(naive.notJudged).toBeGreaterThan(0)
  })

  test('ends when it is told to', async () => {
    const lane = await laneForTest()
    await prepareLane(lane, racy)
    const target = { lane, strategy: racy, signal: AbortSignal.abort() }
    const draw = { explorer: random, seed: 3, runs: 20 }
    expect(await runSeries(target, draw)).toMatchObject({ runs: 0 })
    expect(await runUncontrolled(target, 'none', draw)).toMatchObject({ runs: 0 })
  })

  test('does not take what it cannot do for a violation', async () => {
    const lane = await laneForTest()
    await prepareLane(lane, racy)
    const crashing = {
      ...random,
      chooser: () => () => {
        throw new TypeError('no such thing')
      },
    }
    const draw = { explorer: crashing, seed: 3, runs: 20 }
    await expect(runSeries({ lane, strategy: racy }, draw)).rejects.toThrow('no such thing')
  })
})

test('a counterexample is made smaller for no longer than there is time', async () => {
  const lane = await laneForTest()
  let trials = 0
  const exploration = await explore({
    lane,
    strategy: racy,
    explorer: random,
    seed: 3,
    shrinkBudgetMs: 0,
    onTrial: () => (trials += 1),
  })
  expect(trials).toBe(0)
  expect(exploration).toMatchObject({
    verdict: 'violated',
    counterexample: { replays: { reproduced: 10, of: 10 } },
  })
})
