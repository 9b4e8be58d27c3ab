import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import type { Lane } from '../databases/engine.ts'
import { isDatabaseError } from '../databases/database-error.ts'
import { engines } from '../databases/engines/index.ts'
import { statement } from '../databases/statement.ts'
import { DatabaseFault, HarnessFault, StrategyFault, UsageError } from '../errors.ts'
import { aborted, ok, rejected, type Reply } from '../reply.ts'
import type { Session } from '../session.ts'
import type { Strategy } from '../strategy.ts'
import { openLane } from '../testing/lane.ts'
import { serverForFile } from '../testing/servers.ts'
import { describeOnServer } from '../testing/suite.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import type { AnyWorkload, Contention } from '../workload.ts'
import { purchase } from '../workloads/purchase.ts'
import type { Purchase } from '../workloads/stock.ts'
import { executeLoad, type LoadOptions } from './load.ts'

const claims = purchase.invariants.map(({ name }) => name)

type Execute = (session: Session, command: Purchase) => Promise<Reply>

const strategyThat = (execute: Execute): Strategy => purchaseStrategy('any', execute, claims)

const insert = ({ sql }: Pick<Session, 'sql'>, { userId, productId, quantity }: Purchase) =>
  sql`INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, ${quantity})`

const conditional = strategyThat((session, command) =>
  session.transaction(async (tx) => {
    const { productId, quantity } = command
    const { affectedRows } = await tx.sql`
      UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId} AND stock >= ${quantity}`
    if (affectedRows === 0) return rejected('not enough stock')
    await insert(tx, command)
    return ok()
  }),
)

/** With a sleep between reading and writing, so that no luck is needed to lose an update. */
const lossy = strategyThat((session, command) =>
  session.transaction(async (tx) => {
    const { productId, quantity } = command
    const [product] = await tx.sql`SELECT stock FROM product WHERE id = ${productId}`
    await tx.sleep(1)
    await tx.sql`UPDATE product SET stock = ${product.stock - quantity} WHERE id = ${productId}`
    await insert(tx, command)
    return ok()
  }),
)

/** Much longer than what a busy machine takes for the statements around it. */
const holdMs = 25

/** Everybody who buys holds the row for a while. */
const holding = strategyThat((session, { productId }) =>
  session.transaction(async (tx) => {
    await tx.sql`SELECT stock FROM product WHERE id = ${productId} FOR UPDATE`
    await tx.sleep(holdMs)
    return rejected('not for sale')
  }),
)

const userLock = {
  postgres: ({ sql }: Pick<Session, 'sql'>) => sql`SELECT pg_advisory_xact_lock(7)`,
  mysql: ({ sql }: Pick<Session, 'sql'>) => sql`SELECT GET_LOCK(DATABASE(), 10)`,
  mariadb: ({ sql }: Pick<Session, 'sql'>) => sql`SELECT GET_LOCK(DATABASE(), 10)`,
}

const holdingUserLock = strategyThat((session) =>
  session.transaction(async (tx) => {
    await userLock[session.engine](tx)
    await tx.sleep(holdMs)
    if (session.engine !== 'postgres') await tx.sql`SELECT RELEASE_LOCK(DATABASE())`
    return rejected('not for sale')
  }),
)

/** What differs between the sessions of a load and others: see `readyForLoad`. */
const lockTimeout = asTemplate('SELECT @@innodb_lock_wait_timeout')
const setting = {
  postgres: asTemplate('SHOW plan_cache_mode'),
  mysql: lockTimeout,
  mariadb: lockTimeout,
}
const usual = { postgres: 'auto', mysql: 50, mariadb: 50 }
const lanesOwn = { postgres: 'force_generic_plan', mysql: 3600, mariadb: 3600 }

function asTemplate(text: string): TemplateStringsArray {
  return Object.assign([text], { raw: [text] })
}

const options = {
  clients: 4,
  contention: 'hot',
  durationMs: 200,
  warmUpMs: 50,
  seed: 1,
} as const satisfies Omit<LoadOptions, 'lane' | 'strategy'>

for (const engine of engines) {
  const server = await serverForFile(engine)
  describeOnServer('a load on', engine, server, (lane) => {
    test.each(['hot', 'spread'] as const)(
      'leaves a safe strategy alone: %s',
      async (contention) => {
        const result = await executeLoad({
          ...options,
          lane: lane(),
          strategy: conditional,
          contention,
        })
        expect(result).toMatchObject({ clients: 4, contention, connections: 4, cutOff: 0 })
        expect(result.violations).toEqual([])
        expect(result.replies).toEqual({
          ok: expect.any(Number),
          rejected: 0,
          unknown: 0,
          aborted: {},
        })
        expect(result.replies.ok).toBeGreaterThan(10)
        expect(result.commands).toBeGreaterThan(result.replies.ok)
        expect(result.notJudged.map(({ invariant }) => invariant)).toEqual([
          'stock-never-negative',
          'serial-equivalence',
        ])
      },
    )

    test('catches a strategy that loses updates', async () => {
      const { violations } = await executeLoad({ ...options, lane: lane(), strategy: lossy })
      expect(violations.map(({ invariant }) => invariant)).toEqual(['stock-conserved'])
      expect(violations[0]?.message).toMatch(/^Product 1 had 1000, .* and \d+ more rows?\.$/)
    })

    /** Unless others are at work on the server, as where it is not the test's own. */
    async function lockWaitsOf(strategy: Strategy, contention: Contention, { skip }: TestContext) {
      const load = { ...options, lane: lane(), strategy, contention }
      const { lockWaitMs, elapsedMs } = await executeLoad(load)
      if (lockWaitMs === undefined) skip('somebody else was at work on the server')
      return { lockWaitMs: lockWaitMs ?? 0, elapsedMs }
    }

    test('measures how long sessions wait for rows, where they meet', async (context) => {
      const hot = await lockWaitsOf(holding, 'hot', context)
      // All but one wait all the time, but for when the machine lets nobody come so far.
      expect(hot.lockWaitMs).toBeGreaterThan(0.3 * 3 * hot.elapsedMs)
      expect(hot.lockWaitMs).toBeLessThan(1.5 * 4 * hot.elapsedMs)
      const spread = await lockWaitsOf(holding, 'spread', context)
      expect(spread.lockWaitMs).toBeLessThan(0.2 * hot.lockWaitMs)
    })

    test('measures how long sessions wait for locks that are no rows', async (context) => {
      const { lockWaitMs, elapsedMs } = await lockWaitsOf(holdingUserLock, 'hot', context)
      expect(lockWaitMs).toBeGreaterThan(0.3 * 3 * elapsedMs)
      expect(lockWaitMs).toBeLessThan(1.5 * 4 * elapsedMs)
    })

    test('finds the settings that applications have, and leaves the lane with its own', async () => {
      const seen = new Set<unknown>()
      const strategy = strategyThat(async ({ sql, engine: name }) => {
        const [row] = await sql(setting[name])
        seen.add(Object.values(row as object)[0])
        return ok()
      })
      const { connections } = await executeLoad({ ...options, lane: lane(), strategy })
      expect([...seen]).toEqual([usual[engine.name]])
      await lane().reset({ product: [], purchase: [] })
      for (const session of await lane().sessions(connections)) {
        const after = await session.execute(statement(setting[engine.name]), [])
        const [row] = after.ok ? after.rows : []
        expect(Object.values(row ?? {})).toEqual([lanesOwn[engine.name]])
      }
    })

    test('says how many connections are missing, and does not open one', async () => {
      const startedAt = performance.now()
      const load = executeLoad({ ...options, lane: lane(), strategy: conditional, clients: 20_000 })
      await expect(load).rejects.toBeInstanceOf(DatabaseFault)
      await expect(load).rejects.toThrow(
        /^20,000 connections are needed, and \S+ takes only \d+ more: run with fewer clients, or raise max_connections of the server\.$/,
      )
      expect(performance.now() - startedAt).toBeLessThan(10_000)
    })
  })
}

describe('a load', () => {
  let lane: Lane
  beforeAll(async () => {
    lane = await openLane()
  })
  afterAll(() => lane?.close())

  const run = (execute: Execute, change: Partial<LoadOptions> = {}) =>
    executeLoad({ ...options, lane, strategy: strategyThat(execute), ...change })

  /** That the lane is as good as new. */
  async function expectUsable(): Promise<void> {
    const load = { ...options, lane, strategy: conditional, durationMs: 60 }
    const { replies, violations } = await executeLoad(load)
    expect(replies.ok).toBeGreaterThan(0)
    expect(violations).toEqual([])
  }

  test('has latencies with all that a command took, and a rate that fits them', async () => {
    const result = await run(async ({ sql, sleep }) => {
      await sql`SELECT 1`
      await sleep(20)
      return ok()
    })
    const { latencyMs, replies, commandsPerSecond, elapsedMs } = result
    if (!latencyMs) throw new Error('there should be latencies')
    const { p50, p95, p99, max, mean } = latencyMs
    expect(p50).toBeGreaterThanOrEqual(19)
    expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].toSorted((one, other) => one - other))
    expect(mean).toBeGreaterThanOrEqual(19)
    expect(mean).toBeLessThanOrEqual(max)
    expect(elapsedMs).toBeGreaterThanOrEqual(options.durationMs - 1)
    expect(commandsPerSecond).toBeCloseTo((replies.ok / elapsedMs) * 1000)
    // Four clients, each with at most one command in 20 ms.
    expect(commandsPerSecond).toBeLessThan(4 * 55)
    const histogram = decodeFromCompressedBase64(result.histogram)
    expect(histogram.totalCount).toBe(replies.ok)
    expect(histogram.maxValue / 1000 / max).toBeCloseTo(1, 2) // three digits are kept
  })

  test('counts neither the warm-up nor what the strategy does not do itself', async () => {
    const slow: Execute = async ({ sql, sleep }) => {
      await sql`SELECT 1`
      await sleep(20)
      return ok()
    }
    const result = await run(slow, { warmUpMs: 600, durationMs: 100 })
    // At most one in 20 ms for each of four clients, and those that were under way.
    expect(result.replies.ok).toBeLessThanOrEqual(4 * 7)
    expect(result.commands - result.replies.ok).toBeGreaterThan(4 * 10)
    // One command in 50 restocks, which is quick.
    const refusing = await run(async ({ sql }) => {
      await sql`SELECT 1`
      return rejected('closed')
    })
    expect(refusing.commands).toBeGreaterThan(100)
    expect(refusing.replies).toMatchObject({ ok: 0, rejected: expect.any(Number) })
  })

  test('judges what the strategy claims, and nothing else', async () => {
    const strategy = { ...lossy, claims: ['ok-has-its-purchase'] }
    const { violations, notJudged } = await executeLoad({ ...options, lane, strategy })
    expect(violations).toEqual([])
    expect(notJudged.map(({ invariant }) => invariant)).toEqual(['serial-equivalence'])
  })

  test('has no latencies where nothing was answered with ok', async () => {
    const { latencyMs, replies, commandsPerSecond } = await run(async ({ sql }) => {
      await sql`SELECT 1`
      return aborted('conflict')
    })
    expect(latencyMs).toBe(undefined)
    expect(commandsPerSecond).toBe(0)
    expect(replies.aborted).toEqual({ conflict: expect.any(Number) })
  })

  test('counts attempts and refusals', async () => {
    const { replies, retries, aborts } = await run(async (session) => {
      await session.transaction((tx) => tx.sql`SELECT 1 / 0`).catch(() => undefined)
      return session.transaction(async (tx) => {
        await tx.sql`SELECT 1`
        return ok()
      })
    })
    // Commands that are under way at the beginning or the end are counted in one place only.
    expect(Math.abs(retries - replies.ok)).toBeLessThanOrEqual(8)
    expect(Math.abs(aborts - replies.ok)).toBeLessThanOrEqual(8)
    expect(replies.ok).toBeGreaterThan(20)
  })

  test('two connections of a strategy are two connections', async () => {
    const pids = new Set<number>()
    const strategy = purchaseStrategy(
      'two',
      async (session) => {
        for (const { sql } of [session, session.second]) {
          const [row] = await sql`SELECT pg_backend_pid() AS pid`
          pids.add(row.pid)
        }
        return ok()
      },
      [],
      2,
    )
    const { connections } = await executeLoad({ ...options, lane, strategy })
    expect(connections).toBe(8)
    expect(pids.size).toBe(8)
  })

  test('cuts off commands that wait for a lock without end, and does not judge them', async () => {
    const result = await run(
      async (session, { userId, productId, quantity }) => {
        // Half a purchase, and then a wait behind the first one.
        await session.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId + 1}`
        await session.transaction(async (tx) => {
          await tx.sql`SELECT stock FROM product WHERE id = 1 FOR UPDATE`
          if (userId === 1) await tx.sleep(60_000)
          return ok()
        })
        return ok()
      },
      { limitMs: 100 },
    )
    expect(result.cutOff).toBe(4)
    expect(result.replies.ok).toBe(0)
    expect(result.violations).toEqual([])
    expect(result.notJudged).toContainEqual({
      invariant: 'stock-conserved',
      reason: expect.stringMatching(
        /^4 commands were cut off, perhaps half done, and so nobody knows whose fault this is: Product 2 /,
      ),
    })
    await expectUsable()
  })

  const rejections: readonly (readonly [
    string,
    Execute,
    abstract new (message: string) => Error,
    RegExp,
  ])[] = [
    [
      'a client that hangs',
      async ({ sql }) => {
        await sql`SELECT 1`
        return new Promise(() => {})
      },
      StrategyFault,
      /^Strategy "any" hangs in purchase\(.*\) of client 1: for 100 ms it has neither sent a statement nor ended\.$/,
    ],
    [
      'a statement that does not end',
      async ({ sql }) => {
        await sql`SELECT pg_sleep(60)`
        return ok()
      },
      HarnessFault,
      /^Strategy "any" did not end purchase\(.*\) of client 1 within 100 ms, and waits for no lock: one of its statements takes longer, or it never ends\.$/,
    ],
    [
      'a transaction that is left open',
      async ({ sql }) => {
        await sql`BEGIN`
        return ok()
      },
      StrategyFault,
      /^Strategy "any" ended purchase\(.*\) of client \d with its transaction open: it must COMMIT or ROLLBACK\.$/,
    ],
    [
      'a statement that nobody awaits',
      async ({ sql }) => {
        sql`SELECT 1`.catch(() => {})
        return Promise.resolve(ok())
      },
      StrategyFault,
      /^Strategy "any" ended purchase\(.*\) of client 1 while a statement was still under way: await every one\.$/,
    ],
    [
      'two statements at once',
      async ({ sql }) => {
        await Promise.all([sql`SELECT 1`, sql`SELECT 2`])
        return ok()
      },
      StrategyFault,
      /^Strategy "any" sent a statement while another one was still under way on the same connection: await every one\.$/,
    ],
    [
      'an error that is not the database’s',
      () => Promise.reject(new TypeError('no such thing')),
      StrategyFault,
      /^Strategy "any" threw TypeError: no such thing \(.*load\.test\.ts:\d+\) in purchase\(.*\) of client 1: only errors of the database may leave a strategy\.$/,
    ],
    [
      'an answer that is no reply',
      () => Promise.resolve('done' as unknown as Reply),
      StrategyFault,
      /^Strategy "any" returned the string "done" from purchase\(.*\) of client 1: /,
    ],
    [
      'a strategy that asks nothing of the database',
      () => Promise.resolve(ok()),
      StrategyFault,
      /^Strategy "any" sent no statement, so there was nothing to measure: /,
    ],
    [
      'a lost connection, even one that the strategy hides',
      async ({ sql }) => {
        try {
          await sql`SELECT pg_terminate_backend(pg_backend_pid())`
        } catch (error) {
          if (isDatabaseError(error)) return ok()
        }
        return ok()
      },
      DatabaseFault,
      /^A client's connection was lost: /,
    ],
  ]
  test.each(rejections)('ends with %s', async (_, execute, kind, message) => {
    const load = run(execute, { limitMs: 100 })
    await expect(load).rejects.toBeInstanceOf(kind)
    await expect(load).rejects.toThrow(message)
    await expectUsable()
  })

  test('ends at once when it is interrupted', async () => {
    const interruption = new AbortController()
    setTimeout(() => interruption.abort(), 100)
    const startedAt = performance.now()
    const { signal } = interruption
    const load = executeLoad({ ...options, lane, strategy: holding, durationMs: 60_000, signal })
    await expect(load).rejects.toThrow(new HarnessFault('The run was interrupted.'))
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await expectUsable()
  })

  test('needs a workload that says what to do', async () => {
    const { load: _, ...without } = purchase
    const strategy = { ...conditional, workload: without as AnyWorkload }
    await expect(executeLoad({ ...options, lane, strategy })).rejects.toThrow(
      new UsageError(
        'Workload "purchase" says nothing about loads: give it a member "load", with a profile "hot".',
      ),
    )
  })
})
