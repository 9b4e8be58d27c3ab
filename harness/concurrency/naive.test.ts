import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Lane } from '../databases/engine.ts'
import { HarnessFault, StrategyFault } from '../errors.ts'
import type { Plan } from '../plan.ts'
import { ok, rejected, type Reply } from '../reply.ts'
import { judge, prepareLane } from '../run.ts'
import type { Session } from '../session.ts'
import type { Strategy } from '../strategy.ts'
import { openLane } from '../testing/lane.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import { executeNaively, type Coordination } from './naive.ts'

const buyOne = { kind: 'purchase', userId: 1, productId: 1, quantity: 1 }

/** Two buyers of the last item, `commands` times each. */
const plan = (commands: number, actors = 2): Plan => ({
  initial: { product: [{ id: 1, stock: 1 }], purchase: [] },
  actors: Array.from({ length: actors }, () => Array.from({ length: commands }, () => buyOne)),
  schedule: [],
  attempts: 3,
})

const oversells = purchaseStrategy('oversells', (session) =>
  session.transaction(async (tx) => {
    const [product] = await tx.sql`SELECT stock FROM product WHERE id = 1`
    if (product.stock < 1) return rejected('not enough stock')
    await tx.sql`UPDATE product SET stock = stock - 1 WHERE id = 1`
    return ok()
  }),
)
const sellsOnce = purchaseStrategy('sells-once', async (session) => {
  const { affectedRows } =
    await session.sql`UPDATE product SET stock = stock - 1 WHERE id = 1 AND stock > 0`
  return affectedRows > 0 ? ok() : rejected('not enough stock')
})

describe('a run without a scheduler', () => {
  let lane: Lane
  beforeAll(async () => {
    lane = await openLane()
  })
  afterAll(() => lane?.close())

  /** Whether the stock of one product fell below zero with four buyers, in any of so many runs. */
  async function oversold(
    strategy: Strategy,
    coordination: Coordination,
    runs: number,
  ): Promise<boolean> {
    await prepareLane(lane, strategy)
    for (let run = 0; run < runs; run++) {
      const seen = await executeNaively({ lane, strategy, plan: plan(1, 4), coordination })
      const violations = judge(strategy, seen)
      if (violations.some(({ invariant }) => invariant === 'stock-never-negative')) return true
    }
    return false
  }

  test('finds tables empty that the one before it has made', async () => {
    const counts: number[] = []
    const lazy = purchaseStrategy('lazy', async ({ sql }) => {
      await sql`CREATE TABLE IF NOT EXISTS request (id INT)`
      await sql`INSERT INTO request (id) VALUES (1)`
      counts.push((await sql`SELECT id FROM request`).length)
      return ok()
    })
    await prepareLane(lane, lazy)
    for (let run = 0; run < 2; run++) {
      await executeNaively({ lane, strategy: lazy, plan: plan(1, 1), coordination: 'none' })
    }
    expect(counts).toEqual([1, 1])
  })

  for (const coordination of ['none', 'barrier'] as const) {
    // It is chance, and not a good one: of two buyers, often none of twenty runs.
    test(`shows a gross race sooner or later, with coordination ${coordination}`, async () => {
      expect(await oversold(oversells, coordination, 2_000)).toBe(true)
    })

    test(`breaks nothing that is safe, with coordination ${coordination}`, async () => {
      expect(await oversold(sellsOnce, coordination, 20)).toBe(false)
    })
  }

  const run = async (
    execute: (session: Session) => Promise<Reply>,
    options: { plan?: Plan; coordination?: Coordination; limitMs?: number } = {},
  ) => {
    const strategy = purchaseStrategy('any', execute)
    await prepareLane(lane, strategy)
    return executeNaively({ lane, strategy, plan: plan(2), ...options })
  }

  test('tells replies in their order, and when commands began and ended', async () => {
    const { observation } = await run(async ({ sql }) => {
      await sql`UPDATE product SET stock = stock + 1 WHERE id = 1`
      return ok()
    })
    expect(observation.final['product']).toEqual([{ id: 1, stock: 5 }])
    expect(observation.committed).toEqual([observation.final])
    const { commands } = observation
    expect(commands.map(({ reply }) => reply)).toEqual([ok(), ok(), ok(), ok()])
    for (const actor of [0, 1]) {
      const [first, second] = commands.filter((each) => each.actor === actor)
      expect(first!.endedAt).toBeLessThan(second!.beganAt)
      expect(second!.beganAt).toBeLessThanOrEqual(second!.endedAt)
    }
  })

  test('a refusal of the database aborts its command', async () => {
    const { observation } = await run(async ({ sql }) => {
      await sql`SELECT 1 / 0`
      return ok()
    })
    expect(observation.commands[0]?.reply).toEqual({ kind: 'aborted', error: 'other' })
  })

  test('with a barrier, no second command begins before every first one has ended', async () => {
    const order: string[] = []
    let number = 0
    const wait = async ({ sql, sleep }: Session): Promise<Reply> => {
      const mine = number++
      order.push(`begin ${mine < 2 ? 'first' : 'second'}`)
      for (let times = 0; times < 3 * (mine % 2); times++) await sleep(2)
      await sql`SELECT 1`
      order.push(`end ${mine < 2 ? 'first' : 'second'}`)
      return ok()
    }
    await run(wait, { coordination: 'barrier' })
    const firsts = ['begin first', 'begin first', 'end first', 'end first']
    expect(order.slice(0, 4)).toEqual(firsts)
  })

  test('a sleep is real, and short', async () => {
    const slept: number[] = []
    await run(async ({ sql, sleep }) => {
      await sql`SELECT 1`
      const startedAt = performance.now()
      await sleep(60_000)
      slept.push(performance.now() - startedAt)
      return ok()
    })
    expect(Math.min(...slept)).toBeGreaterThan(4)
    expect(Math.max(...slept)).toBeLessThan(5_000)
  })

  test('one that does not end is reported, and the lane can be used again', async () => {
    const hanging = run(
      async ({ sql }) => {
        await sql`SELECT pg_sleep(60)`
        return ok()
      },
      { limitMs: 50 },
    )
    await expect(hanging).rejects.toThrow(
      new HarnessFault('Without a scheduler, strategy "any" had not ended after 50 ms.'),
    )
    const { observation } = await run(async ({ sql }) => {
      await sql`SELECT 1`
      return ok()
    })
    expect(observation.commands).toHaveLength(4)
  })

  test('an error that is not the database’s is a fault of the strategy', async () => {
    const broken = run(() => Promise.reject(new TypeError('no such thing')))
    await expect(broken).rejects.toBeInstanceOf(StrategyFault)
    await expect(broken).rejects.toThrow(
      /^Strategy "any" threw TypeError: no such thing \(.+naive\.test\.ts:\d+\) in purchase\(user 1, 1 of product 1\) of client \d: only errors of the database may leave a strategy\.$/,
    )
  })
})
