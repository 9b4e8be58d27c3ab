import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Lane } from './databases/engine.ts'
import type { RunEvent } from './history.ts'
import type { Plan } from './plan.ts'
import { describeReply, ok, rejected } from './reply.ts'
import { executeRun, judge, prepareLane } from './run.ts'
import type { ChoicePoint } from './scheduler/choice.ts'
import { defineStrategy } from './strategy.ts'
import { openLane } from './testing/lane.ts'
import { oneUserTwice, purchaseStrategy } from './testing/strategies.ts'
import { redemption } from './workloads/redemption.ts'

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
})
afterAll(() => lane.close())

/** Long enough for two of them to have begun before one ends, however busy the machine. */
const slowInsert = defineStrategy({
  name: 'slow-insert',
  workload: redemption,
  summary: 'For a test.',
  async execute({ sql }, { userId, code }) {
    const { affectedRows } = await sql`
      INSERT INTO redemption (coupon_id, user_id) SELECT id, ${userId} FROM coupon WHERE code = ${code}
      AND NOT EXISTS (SELECT 1 FROM redemption WHERE coupon_id = coupon.id AND user_id = ${userId})
      AND (SELECT pg_sleep(0.2)) IS NOT NULL`
    return affectedRows === 1 ? ok() : rejected('already redeemed')
  },
})

const sentOf = (history: readonly RunEvent[]) =>
  history.flatMap((event) => (event.kind === 'sent' ? [[event.step, event.actor]] : []))

test('statements that are sent together race, and those that are sent in turn do not', async () => {
  await prepareLane(lane, slowInsert, 'overlap')
  const run = { lane, strategy: slowInsert, grain: 'overlap' } as const
  const inTurn = await executeRun({ ...run, plan: oneUserTwice })
  expect(sentOf(inTurn.history)).toEqual([
    [1, 0],
    [2, 1],
  ])
  expect(judge(slowInsert, inTurn)).toEqual([])
  const together = await executeRun({ ...run, plan: { ...oneUserTwice, schedule: [2] } })
  expect(sentOf(together.history)).toEqual([
    [1, 0],
    [1, 1],
  ])
  expect(together.steps).toBe(1)
  expect(judge(slowInsert, together).map(({ invariant }) => invariant)).toContain(
    'one-redemption-per-user',
  )
})

const buy = (userId: number) => ({ kind: 'purchase', userId, productId: 1, quantity: 1 })
const buyers = (count: number): Plan => ({
  initial: { product: [{ id: 1, stock: 5 }], purchase: [] },
  actors: Array.from({ length: count }, (_, index) => [buy(index + 1)]),
  schedule: [],
  attempts: 1,
})

test('those that lock wait for each other in the order that the server picks', async () => {
  const locking = purchaseStrategy('locking', (session, { productId }) =>
    session.transaction(async (tx) => {
      const [product] = await tx.sql`SELECT stock FROM product WHERE id = ${productId} FOR UPDATE`
      await tx.sql`UPDATE product SET stock = ${product.stock - 1} WHERE id = ${productId}`
      return ok()
    }),
  )
  await prepareLane(lane, locking, 'overlap')
  const plan = { ...buyers(3), schedule: [6, 6] }
  const { history, observation } = await executeRun({
    lane,
    strategy: locking,
    plan,
    grain: 'overlap',
  })
  expect(sentOf(history).slice(0, 6)).toEqual([
    [1, 0],
    [1, 1],
    [1, 2],
    [2, 0],
    [2, 1],
    [2, 2],
  ])
  expect(history.filter(({ kind }) => kind === 'blocked').length).toBeGreaterThanOrEqual(2)
  expect(observation.commands.map(({ reply }) => describeReply(reply))).toEqual(['ok', 'ok', 'ok'])
  expect(observation.final['product']).toEqual([{ id: 1, stock: 2 }])
})

test('only statements are sent together, and only in grain overlap', async () => {
  const sleeper = purchaseStrategy('sleeper', async (session, { userId }) => {
    if (userId === 2) await session.sleep(1)
    await session.sql`SELECT 1`
    return ok()
  })
  const offered = async (grain: 'statement' | 'overlap') => {
    await prepareLane(lane, sleeper, grain)
    const points: ChoicePoint[] = []
    const choose = (point: ChoicePoint): number => {
      points.push(point)
      return 0
    }
    await executeRun({ lane, strategy: sleeper, plan: buyers(3), choose, grain })
    return points.map(({ overlaps }) => overlaps)
  }
  expect(await offered('overlap')).toEqual([[[0, 2]], [], [[1, 2]], []])
  expect(await offered('statement')).toEqual([undefined, undefined, undefined, undefined])
})

test('an index beyond all that may go on together is refused', async () => {
  await prepareLane(lane, slowInsert, 'overlap')
  await expect(
    executeRun({
      lane,
      strategy: slowInsert,
      plan: oneUserTwice,
      choose: () => 3,
      grain: 'overlap',
    }),
  ).rejects.toThrow('The explorer chose 3 of 2 enabled actors.')
})
