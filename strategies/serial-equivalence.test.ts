import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import {
  byName,
  engines,
  executeRun,
  exhaustive,
  prepareLane,
  serialEquivalence,
  type Lane,
  type Plan,
  type SearchBounds,
  type SerialEquivalence,
  type Strategy,
} from '../harness/index.ts'
import { catalogue } from './index.ts'

const postgres = byName('engine', engines, 'postgres')

let lane: Lane
beforeAll(async () => {
  const server = { ...(inject('servers').postgres as { url: string; provider: string }) }
  const started = { ...server, engine: 'postgres', stop: async () => {} } as const
  lane = await postgres.openLane(started, { isolation: postgres.defaultIsolation })
})
afterAll(() => lane.close())

/** What each schedule of a scenario with so many actors is. */
function everySchedule(
  strategy: Strategy,
  scenario: string,
  actors: number,
): Promise<SerialEquivalence[]> {
  const { scenarios } = strategy.workload
  // All schedules of two; of three, those in which few are stopped half way.
  const bounds = actors === 2 ? {} : { preemptions: 1 }
  return everyScheduleOf(strategy, byName('scenario', scenarios, scenario).start(actors), bounds)
}

async function everyScheduleOf(
  strategy: Strategy,
  { initial, actors }: Pick<Plan, 'initial' | 'actors'>,
  bounds: SearchBounds = {},
): Promise<SerialEquivalence[]> {
  await prepareLane(lane, strategy)
  const { workload } = strategy
  const plan: Plan = { initial, actors, schedule: [], attempts: 3 }
  const found: SerialEquivalence[] = []
  const search = exhaustive.search(bounds)
  for (let choose = search.next(); choose; choose = search.next()) {
    const { observation } = await executeRun({ lane, strategy, plan, choose })
    found.push(serialEquivalence(workload, observation))
  }
  return found
}

const messagesOf = (found: readonly SerialEquivalence[]): string[] =>
  [
    ...new Set(found.map((each) => (each.outcome === 'not serial' ? each.message : each.outcome))),
  ].toSorted()

describe('serial equivalence on PostgreSQL', () => {
  test.each([
    ['redemption/select-for-update', 'same-user', 2],
    ['redemption/select-for-update', 'withdrawn', 2],
    ['purchase/select-for-update', 'last-item', 2],
    ['purchase/select-for-update', 'last-item', 3],
  ] as const)(
    'every schedule of %s, %s with %i actors, is serial',
    async (name, scenario, actors) => {
      const found = await everySchedule(catalogue[name], scenario, actors)
      expect(found.length).toBeGreaterThan(5)
      expect(messagesOf(found)).toEqual(['serial'])
    },
  )

  test('schedules of check-then-insert are not, and the nearest order is named', async () => {
    const found = await everySchedule(catalogue['redemption/check-then-insert'], 'same-user', 2)
    const nearest = (first: string, second: string): string =>
      `No serial order gives these replies and rows: the nearest is ${first} then ${second}, where ${second} is told rejected (already redeemed) instead of ok and redemption has 1 row instead of 2.`
    expect(messagesOf(found)).toEqual([nearest('A', 'B'), nearest('B', 'A'), 'serial'])
  })

  test('schedules of read-modify-write are not, although every reply is right', async () => {
    const found = await everySchedule(catalogue['purchase/read-modify-write'], 'plenty', 2)
    const nearest = (order: string): string =>
      `No serial order leaves these rows: the nearest is ${order}, where product has (id 1, stock 0) instead of (id 1, stock 1).`
    expect(messagesOf(found)).toEqual([nearest('A then B'), nearest('B then A'), 'serial'])
  })

  /**
   * It writes only if the version is still what it was, and so breaks nothing. What it answers a
   * refusal by is not protected: nothing is written then. The look for the user's own redemption can be
   * from before the other one, and the look at the cap from after it.
   */
  test('a refusal of optimistic-version can rest on two states, and break no invariant', async () => {
    const strategy = catalogue['redemption/optimistic-version']
    const redeem = { kind: 'redeem', userId: 1, code: 'C1' }
    const start = {
      initial: { coupon: [{ id: 1, code: 'C1', active: true, cap: 1 }], redemption: [] },
      actors: [[redeem], [redeem]],
    }
    const found = await everyScheduleOf(strategy, start, { preemptions: 1 })
    const refusedFor = (first: string, second: string): string =>
      `No serial order gives these replies: the nearest is ${first} then ${second}, where ${second} is told rejected (already redeemed) instead of rejected (used up).`
    expect(messagesOf(found)).toEqual([refusedFor('A', 'B'), refusedFor('B', 'A'), 'serial'])
  })
})
