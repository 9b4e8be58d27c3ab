import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Lane } from './databases/engine.ts'
import { exhaustive } from './explorers/exhaustive.ts'
import { random } from './explorers/random.ts'
import { aborted, ok, rejected } from './reply.ts'
import { prepareLane } from './run.ts'
import { surveyPlans, surveyScenario, surveyScenarios } from './survey.ts'
import { openLane } from './testing/lane.ts'
import { oppositeOrder, purchaseStrategy } from './testing/strategies.ts'

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
})
afterAll(() => lane.close())

/** Sells without looking: stock goes below zero in every schedule but the emptiest. */
const careless = purchaseStrategy('careless', async (session, { productId, quantity }) => {
  await session.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
  return ok()
})

describe('a survey of scenarios', () => {
  test('goes on after a violation, to the last schedule', async () => {
    await prepareLane(lane, careless)
    const [lastItem] = careless.workload.scenarios
    const survey = await surveyScenario({ lane, strategy: careless }, lastItem, 2, exhaustive)
    expect(survey).toMatchObject({ schedules: 2, effective: true })
    expect(survey.violations.get('stock-never-negative')).toBe(2)
    expect(survey.fault).toBeUndefined()
  })

  test('counts why commands were aborted', async () => {
    await prepareLane(lane, oppositeOrder)
    const options = { lane, strategy: oppositeOrder }
    const survey = await surveyScenarios(options, exhaustive, { preemptions: 2 })
    expect([...survey.aborted.keys()]).toEqual(['deadlock'])
  })

  test('says why it ended early, and what it had seen by then', async () => {
    let calls = 0
    const faulty = purchaseStrategy('faulty', async (session) => {
      const call = (calls += 1)
      await session.sql`SELECT 1`
      if (call === 3) throw new Error('no')
      return rejected('no')
    })
    await prepareLane(lane, faulty)
    const survey = await surveyScenarios({ lane, strategy: faulty }, exhaustive)
    expect(survey).toMatchObject({
      schedules: 1,
      effective: false,
      fault: { kind: 'strategy', reason: expect.stringContaining('threw Error: no') as string },
    })
  })
})

describe('a survey of random plans', () => {
  test('sees the same for the same seed', async () => {
    await prepareLane(lane, oppositeOrder)
    const survey = (seed: number) =>
      surveyPlans({ lane, strategy: oppositeOrder }, random, { schedules: 40, seed })
    const [first, again, other] = [await survey(7), await survey(7), await survey(8)]
    expect(first.schedules).toBe(40)
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
  })

  test('notices a strategy that never does anything', async () => {
    const idle = purchaseStrategy('idle', async (session) => {
      await session.sql`SELECT 1`
      return aborted('conflict')
    })
    await prepareLane(lane, idle)
    const options = { lane, strategy: idle }
    const survey = await surveyPlans(options, random, { schedules: 5, seed: 1 })
    expect(survey.effective).toBe(false)
    expect(survey.aborted.get('conflict')).toBeGreaterThan(4)
  })
})
