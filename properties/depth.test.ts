import { describe, expect, test } from 'vitest'
import {
  executeRun,
  judge,
  pctOfDepth,
  prepareLane,
  type Lane,
  type Plan,
  type Strategy,
} from '../harness/index.ts'
import { laneForTest } from '../harness/testing/lane.ts'
import readModifyWrite from '../strategies/purchase/read-modify-write.ts'
import unfencedLease from '../strategies/purchase/unfenced-lease.ts'

/** More steps than any run of two buyers has. */
const most = 40
const outlook = { engine: 'postgres', steps: [most / 2, most / 2] } as const

/** Whether the strategy breaks what it claims if `pct` draws these changes and who is second. */
async function breaks(
  lane: Lane,
  strategy: Strategy,
  changes: readonly number[],
  second: number,
): Promise<boolean> {
  const start = strategy.workload.scenarios[0].start(2) as Pick<Plan, 'initial' | 'actors'>
  const plan: Plan = { ...start, schedule: [], attempts: 3 }
  const choose = pctOfDepth(changes.length + 1).chooser([...changes, 0, second], outlook)
  const record = await executeRun({ lane, strategy, plan, choose })
  expect(record.steps).toBeLessThan(most)
  return judge(strategy, record).some(({ invariant }) => strategy.claims.includes(invariant))
}

/** Whether any of these draws breaks it, whoever comes first. */
async function anyBreaks(
  strategy: Strategy,
  draws: readonly (readonly number[])[],
): Promise<boolean> {
  const lane = await laneForTest()
  await prepareLane(lane, strategy)
  for (const changes of draws) {
    for (const second of [0, 1]) {
      if (await breaks(lane, strategy, changes, second)) return true
    }
  }
  return false
}

const everyStep = Array.from({ length: most }, (_, index) => index + 1)
/** All that `pct` can draw, at depths one and two. */
const depthOne = [[]]
const depthTwo = everyStep.map((step) => [step])

/**
 * Were so many constraints on the order of steps enough, `pct` of that depth would find the bug with a
 * probability above zero: so at least one of all that it can draw would be it.
 */
describe('the depth of the bug in', () => {
  test('unfenced-lease is three', async () => {
    expect(await anyBreaks(unfencedLease, [...depthOne, ...depthTwo])).toBe(false)
    // Three steps on, the first buyer has read the stock.
    expect(
      await anyBreaks(
        unfencedLease,
        everyStep.map((step) => [3, step]),
      ),
    ).toBe(true)
  })

  test('read-modify-write is two', async () => {
    expect(await anyBreaks(readModifyWrite, depthOne)).toBe(false)
    expect(await anyBreaks(readModifyWrite, depthTwo)).toBe(true)
  })
})
