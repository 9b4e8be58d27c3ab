import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Lane } from '../databases/engine.ts'
import { DatabaseFault, HarnessFault, StrategyFault, UsageError } from '../errors.ts'
import { ok, rejected, type Reply } from '../reply.ts'
import type { Session } from '../session.ts'
import { defineStrategy } from '../strategy.ts'
import { openLane } from '../testing/lane.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import type { AnyWorkload } from '../workload.ts'
import { purchase } from '../workloads/purchase.ts'
import { redemption } from '../workloads/redemption.ts'
import type { Purchase } from '../workloads/stock.ts'
import { simulate, type SimulationOptions } from './simulate.ts'

type Execute = (session: Session, command: Purchase) => Promise<Reply>

const claims = purchase.invariants.map(({ name }) => name)
const strategyThat = (execute: Execute) => purchaseStrategy('any', execute, claims)

const buy: Execute = (session, { userId, productId, quantity }) =>
  session.transaction(async (tx) => {
    const { affectedRows } = await tx.sql`
      UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId} AND stock >= ${quantity}`
    if (affectedRows === 0) return rejected('not enough stock')
    await tx.sql`
      INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, ${quantity})`
    return ok()
  })

describe('a simulation', () => {
  let lane: Lane
  beforeAll(async () => {
    lane = await openLane()
  })
  afterAll(() => lane?.close())

  const run = (execute: Execute, change: Partial<SimulationOptions> = {}) =>
    simulate({ lane, strategy: strategyThat(execute), clients: 20, seed: 7, ...change })

  test('accounts for everybody, with what they asked for', async () => {
    const simulation = await run(buy, { supply: 100, quantity: { min: 5, max: 9 } })
    expect(simulation).toMatchObject({
      verdict: 'holds',
      clients: 20,
      connections: 20,
      quantity: { min: 5, max: 9 },
    })
    const { outcomes, accounted, supply, handedOut, latencyMs, swallowed } = simulation
    const [told, refused] = outcomes
    expect(outcomes.map(({ reply }) => reply)).toEqual(['ok', 'rejected: not enough stock'])
    expect((told?.clients ?? 0) + (refused?.clients ?? 0)).toBe(20)
    expect((told?.quantity ?? 0) + (refused?.quantity ?? 0)).toBe(accounted.quantity)
    expect(accounted.clients).toBe(20)
    expect(accounted.quantity).toBeGreaterThan(20 * 5)
    expect(accounted.quantity).toBeLessThan(20 * 9)
    expect(supply.before).toBe(100)
    expect(supply.after).toBe(100 - (told?.quantity ?? 0))
    expect(handedOut).toEqual({ rows: told?.clients, quantity: told?.quantity })
    expect(swallowed).toEqual({ successes: 20, quantity: accounted.quantity })
    expect(latencyMs?.max).toBeCloseTo(simulation.elapsedMs, 0)
    const again = await run(buy, { supply: 100, quantity: { min: 5, max: 9 } })
    expect(again.accounted).toEqual(accounted)
    const other = await run(buy, { supply: 100, quantity: { min: 5, max: 9 }, seed: 8 })
    expect(other.accounted.quantity).not.toBe(accounted.quantity)
  })

  test('releases everybody at once, when all connections are there', async () => {
    const seen = new Set<number>()
    let released = false
    let most = 0
    let inside = 0
    const simulation = await run(
      async (session) => {
        expect(released).toBe(true)
        most = Math.max(most, ++inside)
        const [row] = await session.sql`SELECT pg_backend_pid() AS pid FROM pg_sleep(0.05)`
        seen.add(row.pid)
        inside -= 1
        return rejected('closed')
      },
      { onRelease: () => (released = true) },
    )
    expect(most).toBe(20)
    expect(seen.size).toBe(20)
    expect(simulation.outcomes).toContainEqual({
      reply: 'rejected: closed',
      clients: 20,
      quantity: simulation.accounted.quantity,
    })
  })

  test('is violated by a claim that is broken, and not by one that nobody makes', async () => {
    const lie: Execute = async ({ sql }) => {
      await sql`SELECT 1`
      return ok()
    }
    const claimed = await run(lie)
    expect(claimed).toMatchObject({ verdict: 'violated' })
    const violations = claimed.verdict === 'violated' ? claimed.violations : []
    expect(violations.map(({ invariant }) => invariant)).toEqual(['ok-has-its-purchase'])
    const strategy = purchaseStrategy('any', lie, ['stock-conserved'])
    const unclaimed = await simulate({ lane, strategy, clients: 20, seed: 7 })
    expect(unclaimed.verdict).toBe('holds')
    expect(unclaimed.invariants).toContainEqual({
      name: 'ok-has-its-purchase',
      claimed: false,
      outcome: 'broken',
      message: expect.stringMatching(/was told ok for 1 purchase of /),
    })
  })

  test('in which nobody was answered with ok says nothing', async () => {
    const simulation = await run(async ({ sql }) => {
      await sql`SELECT 1 / 0`
      return ok()
    })
    expect(simulation).toMatchObject({
      verdict: 'inconclusive',
      fault: 'strategy',
      reason:
        'Strategy "any" did nothing that could be judged: nobody was answered with ok. What they were told most often was aborted: other.',
    })
  })

  test('that takes too long is judged by nobody, and everybody is accounted for', async () => {
    const simulation = await run(
      (session, command) =>
        session.transaction(async (tx) => {
          if (command.userId % 2 === 0) return rejected('even')
          await tx.sql`SELECT stock FROM product WHERE id = 1 FOR UPDATE`
          await tx.sleep(60_000)
          return ok()
        }),
      { limitMs: 300 },
    )
    expect(simulation).toMatchObject({
      verdict: 'inconclusive',
      fault: 'harness',
      reason: 'After 0.3 s 10 clients were not yet answered: they waited for locks, or slept.',
    })
    expect(simulation.outcomes).toMatchObject([
      { reply: 'ok', clients: 0 },
      { reply: 'rejected: even', clients: 10 },
      { reply: 'no answer', clients: 10 },
    ])
    expect(simulation.accounted.clients).toBe(20)
    expect(simulation.swallowed.successes).toBe(10)
    // What becomes of the connections that are taken away is no refusal.
    expect(simulation.aborts).toBe(0)
    expect(new Set(simulation.invariants.map(({ outcome }) => outcome))).toEqual(
      new Set(['not judged']),
    )
    expect((await run(buy)).verdict).toBe('holds')
  })

  test('that is interrupted says who was not answered', async () => {
    const interruption = new AbortController()
    const simulation = await run(
      async ({ sql }) => {
        setTimeout(() => interruption.abort(), 50)
        await sql`SELECT pg_sleep(60)`
        return ok()
      },
      { signal: interruption.signal },
    )
    expect(simulation).toMatchObject({
      verdict: 'inconclusive',
      fault: 'interrupted',
      reason: 'Interrupted when 20 clients were not yet answered.',
      outcomes: [
        { reply: 'ok', clients: 0 },
        { reply: 'no answer', clients: 20 },
      ],
    })
  })

  test('ends with the fault of a strategy, a connection or a stray error', async () => {
    const hanging = run(
      async ({ sql }) => {
        await sql`SELECT 1`
        return new Promise(() => {})
      },
      { limitMs: 200 },
    )
    await expect(hanging).rejects.toThrow(
      /^Strategy "any" hangs in purchase\(.*\) of client 1: for 200 ms it has neither sent a statement nor ended\.$/,
    )
    await expect(run(() => Promise.reject(new Error('no')))).rejects.toBeInstanceOf(StrategyFault)
    const lost = run(async ({ sql }) => {
      await sql`SELECT pg_terminate_backend(pg_backend_pid())`
      return ok()
    })
    await expect(lost).rejects.toBeInstanceOf(DatabaseFault)
    const stray = new AbortController()
    stray.abort(new StrategyFault('Something threw.'))
    await expect(run(buy, { signal: stray.signal })).rejects.toThrow('Something threw.')
    await expect(run(() => Promise.resolve(ok()))).rejects.toThrow(/sent no statement/)
    const none = new AbortController()
    none.abort()
    await expect(run(buy, { signal: none.signal })).rejects.toBeInstanceOf(HarnessFault)
    expect((await run(buy)).verdict).toBe('holds')
  })

  test('ends with a lost connection even if the strategy hides it', async () => {
    const hiding = run(async ({ sql }) => {
      await sql`SELECT pg_terminate_backend(pg_backend_pid())`.catch(() => undefined)
      return ok()
    })
    await expect(hiding).rejects.toBeInstanceOf(DatabaseFault)
    await expect(hiding).rejects.toThrow(/^A client's connection was lost: /)
  })

  test('needs a workload that knows of one', async () => {
    const { rush: _, ...without } = purchase
    const strategy = { ...strategyThat(buy), workload: without as AnyWorkload }
    await expect(simulate({ lane, strategy, clients: 2, seed: 1 })).rejects.toThrow(
      new UsageError(
        'Workload "purchase" says nothing about clients who come all at once: give it a member "rush".',
      ),
    )
  })

  test('of coupons can break both rules', async () => {
    const strategy = defineStrategy({
      name: 'never-looks',
      workload: redemption,
      summary: 'For a test.',
      async execute({ sql }, { userId }) {
        await sql`INSERT INTO redemption (coupon_id, user_id) VALUES (1, ${userId})`
        return ok()
      },
    })
    const simulation = await simulate({ lane, strategy, clients: 20, seed: 1 })
    const broken = simulation.invariants.filter(({ outcome }) => outcome === 'broken')
    expect(broken.map(({ name }) => name)).toEqual([
      'one-redemption-per-user',
      'redemptions-within-cap',
    ])
    expect(simulation.supply).toEqual({ before: 5, after: -15 })
    expect(simulation).not.toHaveProperty('quantity')
  })
})
