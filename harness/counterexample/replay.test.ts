import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Lane } from '../databases/engine.ts'
import { ReplayDivergence } from '../errors.ts'
import type { Plan } from '../plan.ts'
import { executeRun, prepareLane } from '../run.ts'
import { planned } from '../scheduler/choice.ts'
import { openLane } from '../testing/lane.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import { ok } from '../reply.ts'
import { replay } from './replay.ts'
import { traceOf } from './trace.ts'

const strategy = purchaseStrategy('reads-twice', async (session, { productId }) => {
  await session.sql`SELECT stock FROM product WHERE id = ${productId}`
  await session.sql`UPDATE product SET stock = stock - 1 WHERE id = ${productId}`
  return ok()
})

const buy = { kind: 'purchase', userId: 1, productId: 1, quantity: 1 }
const plan: Plan = {
  initial: { product: [{ id: 1, stock: 5 }], purchase: [] },
  actors: [[buy], [buy]],
  // From two on, an index means both together.
  schedule: [2, 2],
  attempts: 1,
}
/** Of a run in which nobody was where they are now. */
const otherTrace = [0, 0, 0, 0]

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
  await prepareLane(lane, strategy)
})
afterAll(() => lane.close())

test('statements that overlap are sent together again, and their trace is not held against them', async () => {
  const recording = { plan, trace: otherTrace }
  const { record } = await replay({ lane, strategy, recording, grain: 'overlap' })
  expect(record.choices.map(({ chosen }) => chosen).slice(0, 2)).toEqual([2, 2])
  expect(record.observation.final).toMatchObject({ product: [{ id: 1, stock: 3 }] })
})

test('whole statements have to be as they were recorded', async () => {
  const record = await executeRun({ lane, strategy, plan, choose: planned([0, 1]) })
  const schedule = record.choices.map(({ chosen }) => chosen)
  const recording = { plan: { ...plan, schedule }, trace: traceOf(record.choices) }
  const again = await replay({ lane, strategy, recording, grain: 'statement' })
  expect(again.record.history).toEqual(record.history)
  await expect(
    replay({ lane, strategy, recording: { ...recording, trace: otherTrace }, grain: 'statement' }),
  ).rejects.toThrow(ReplayDivergence)
})
