import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Lane } from '../databases/engine.ts'
import { isDatabaseError } from '../databases/database-error.ts'
import { connect, withDatabase } from '../databases/engines/postgres/client.ts'
import { checkOptions, explore, type ExploreOptions } from '../explore.ts'
import { exhaustive } from '../explorers/exhaustive.ts'
import { random } from '../explorers/random.ts'
import { reduced } from '../explorers/reduced.ts'
import type { Plan } from '../plan.ts'
import { ok, rejected } from '../reply.ts'
import { executeRun, prepareLane } from '../run.ts'
import type { Session } from '../session.ts'
import { openLane, testServer } from '../testing/lane.ts'
import { defineStrategy } from '../strategy.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import { purchase } from '../workloads/purchase.ts'
import type { Purchase } from '../workloads/stock.ts'
import { faultScopes } from './index.ts'

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
})
afterAll(() => lane.close())

const buyOnce = (session: Session, { userId, productId, quantity }: Purchase) =>
  session.transaction(async (tx) => {
    const [product] = await tx.sql<{ stock: number }>`
      SELECT stock FROM product WHERE id = ${productId} FOR UPDATE`
    if (!product || product.stock < quantity) return rejected('not enough stock')
    await tx.sql`UPDATE product SET stock = ${product.stock - quantity} WHERE id = ${productId}`
    await tx.sql`INSERT INTO purchase VALUES (${userId}, ${productId}, ${quantity})`
    return ok()
  })

const careful = purchaseStrategy('careful', buyOnce, ['bought-once', 'ok-has-its-purchase'])

const insistent = purchaseStrategy(
  'insistent',
  async (session, command) => {
    try {
      return await buyOnce(session, command)
    } catch (error) {
      if (!isDatabaseError(error, 'connection lost')) throw error
      return buyOnce(session, command)
    }
  },
  ['bought-once'],
)

const searching = (more: Partial<ExploreOptions>): ExploreOptions => ({
  lane,
  strategy: insistent,
  explorer: random,
  seed: 1,
  grains: ['statement'],
  faults: faultScopes.connection,
  ...more,
})

const boughtByFunction = defineStrategy({
  name: 'bought-by-function',
  workload: purchase,
  summary: 'Buys in one function, and once more when the connection is lost.',
  engines: ['postgres'],
  schema: [
    `CREATE FUNCTION buy(a INT, b INT, c INT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$ BEGIN
       UPDATE product SET stock = stock - c WHERE id = b AND stock >= c;
       IF NOT FOUND THEN RETURN false; END IF;
       INSERT INTO purchase VALUES (a, b, c);
       RETURN true;
     END $$`,
  ],
  claims: ['bought-once'],
  async execute(session, { userId, productId, quantity }) {
    const buy = async () => {
      const [row] = await session.sql<{ bought: boolean }>`
        SELECT buy(${userId}, ${productId}, ${quantity}) AS bought`
      return row?.bought ? ok() : rejected('not enough stock')
    }
    try {
      return await buy()
    } catch (error) {
      if (!isDatabaseError(error, 'connection lost')) throw error
      return buy()
    }
  },
})

describe('a search with faults', () => {
  test.each(['random', 'exhaustive'])('strikes what a function commits, with %s', async (name) => {
    const explorer = name === 'random' ? random : exhaustive
    const seed = name === 'random' ? { seed: 1 } : { seed: undefined, scenario: 'plenty' }
    const strategy = boughtByFunction
    const found = await explore(searching({ strategy, explorer, ...seed, actors: 2 }))
    if (found.verdict !== 'violated') throw new Error(found.verdict)
    expect(found.counterexample.plan.faults).toMatchObject([{ actor: 0, kind: 'answer-lost' }])
    expect(found.faults?.['answer-lost']).toBeGreaterThan(0)
  })

  test('shrinks what it finds to one client, one command and one fault', async () => {
    const found = await explore(searching({}))
    if (found.verdict !== 'violated') throw new Error(found.verdict)
    const { counterexample } = found
    expect(counterexample.plan).toMatchObject({
      actors: [[{ kind: 'purchase' }]],
      faults: [{ actor: 0, step: 4, kind: 'answer-lost' }],
    })
    expect(counterexample.message).toMatch(/^User 1 asked 1 time for 1 of product 1, and 2 rows /)
    expect(counterexample.replays).toEqual({ reproduced: 10, of: 10 })
    expect(counterexample).toMatchObject({ actors: 1, steps: 10, contextSwitches: 0 })
  })

  test('leaves out faults that have nothing to do with it', async () => {
    const alwaysTwice = purchaseStrategy(
      'always-twice',
      async (session, command) => {
        await buyOnce(session, command)
        return buyOnce(session, command)
      },
      ['bought-once'],
    )
    const found = await explore(searching({ strategy: alwaysTwice, seed: 3 }))
    if (found.verdict !== 'violated') throw new Error(found.verdict)
    expect(found.counterexample.plan).not.toHaveProperty('faults')
  })

  test('says how often each kind has struck', async () => {
    const found = await explore(searching({ strategy: careful, schedules: 60 }))
    expect(found.verdict).toBe('holds')
    expect(Object.keys(found.faults ?? {})).toEqual([...faultScopes.connection])
    expect(Object.values(found.faults ?? {}).every((times) => times > 0)).toBe(true)
    expect(found.replies.unknown).toBeGreaterThan(0)
    expect(found.selfCheck.differences).toBe(0)
  })

  test('is inconclusive where none has struck', async () => {
    const found = await explore(
      searching({ strategy: careful, faults: ['lock-timeout'], schedules: 1, actors: 1 }),
    )
    expect(found).toMatchObject({
      verdict: 'inconclusive',
      reason:
        'No fault has struck in any schedule, so nothing is known of them. Run more schedules.',
    })
  })

  test('says nothing of faults where none were asked for', async () => {
    const found = await explore(searching({ strategy: careful, faults: [], schedules: 5 }))
    expect(found).not.toHaveProperty('faults')
  })

  test('is none for an explorer that leaves out what commutes', () => {
    const { lane: _, seed: __, grains: ___, ...options } = searching({ explorer: reduced })
    expect(() => checkOptions(options)).toThrow(
      'Explorer "reduced" does not know which steps commute where faults strike: leave --faults out, or choose another one.',
    )
  })
})

describe('a search of all schedules with faults', () => {
  const reader = (statements: number) =>
    purchaseStrategy('reader', async (session, { productId }) => {
      for (let left = statements; left > 0; left--) {
        await session.sql`SELECT stock FROM product WHERE id = ${productId}`
      }
      return ok()
    })
  const enumerating = (more: Partial<ExploreOptions>): ExploreOptions =>
    searching({ explorer: exhaustive, seed: undefined, scenario: 'plenty', ...more })

  test.for([
    // Without a fault, two orders; and two where the one statement of either fails.
    [1, 2 + 2 * 2],
    // Six orders of two and two; of one that fails and two, three; of two of which one fails, six.
    [2, 6 + 2 * (3 + 6)],
  ] as const)(
    'tries every place where one can strike, of %i statements each',
    async ([statements, schedules]) => {
      const strategy = reader(statements)
      const found = await explore(enumerating({ strategy, faults: ['session-killed'] }))
      expect(found).toMatchObject({ verdict: 'holds', exhausted: true, schedules })
      expect(found.faults).toEqual({
        'session-killed': found.schedules - (statements === 1 ? 2 : 6),
      })
    },
  )

  test('finds what takes a fault at one place, and nothing where there is no such place', async () => {
    const found = await explore(enumerating({ preemptions: 0, shrinkBudgetMs: 1_000 }))
    if (found.verdict !== 'violated') throw new Error(found.verdict)
    expect(found.counterexample.plan.faults).toEqual([{ actor: 0, step: 4, kind: 'answer-lost' }])
    const bounds = { preemptions: 0 }
    const held = await explore(enumerating({ strategy: careful, ...bounds }))
    expect(held).toMatchObject({ verdict: 'holds' })
    expect(Object.values(held.faults ?? {}).every((times) => times > 0)).toBe(true)
  })

  test('ends with its budget, and says that there was more', async () => {
    const strategy = reader(2)
    const found = await explore(
      enumerating({ strategy, faults: ['session-killed'], schedules: 10 }),
    )
    expect(found).toMatchObject({ verdict: 'holds', exhausted: false, schedules: 10 })
  })
})

describe('a connection that no fault of the plan has broken', () => {
  const plan: Plan = {
    initial: { product: [{ id: 1, stock: 9 }], purchase: [] },
    actors: [
      [{ kind: 'purchase', userId: 1, productId: 1, quantity: 1 } as never],
      [{ kind: 'purchase', userId: 2, productId: 1, quantity: 1 } as never],
    ],
    schedule: [],
    attempts: 3,
    faults: [{ actor: 0, step: 0, kind: 'session-killed' }],
  }

  test('makes the run inconclusive, whatever others there were', async () => {
    const killed = purchaseStrategy('killed', async (session, command) => {
      if (command.userId === 2) await session.sql`SELECT pg_terminate_backend(pg_backend_pid())`
      return buyOnce(session, command)
    })
    await prepareLane(lane, killed)
    await expect(executeRun({ lane, strategy: killed, plan })).rejects.toThrow(
      /^The connection of actor B was lost during "SELECT pg_terminate_backend/,
    )
  })

  test('does so where its own session had been replaced before', async () => {
    const killed = purchaseStrategy('killed-later', async (session, command) => {
      await session.sql`SELECT 1`.catch(() => undefined)
      await session.sql`SELECT pg_terminate_backend(pg_backend_pid())`
      return buyOnce(session, command)
    })
    await prepareLane(lane, killed)
    await expect(executeRun({ lane, strategy: killed, plan })).rejects.toThrow(
      /^The connection of actor [AB] was lost during "SELECT pg_terminate_backend/,
    )
  })

  test('leaves the lane as it was', async () => {
    await prepareLane(lane, careful)
    const { faults: _, ...undisturbed } = plan
    const { observation } = await executeRun({ lane, strategy: careful, plan: undisturbed })
    expect(observation.commands.map(({ reply }) => reply)).toEqual([ok(), ok()])
    const client = await connect(withDatabase(testServer().url, lane.database))
    const { rows } = await client.query(
      `SELECT count(*)::int AS idle FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'idle in transaction'`,
    )
    await client.end()
    expect(rows).toEqual([{ idle: 0 }])
  })
})
