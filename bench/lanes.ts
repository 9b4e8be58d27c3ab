import { prepareLane, type Lane } from '../harness/index.ts'
import checkThenInsert from '../strategies/redemption/check-then-insert.ts'
import { median, timed, warmUp, type Measure } from './metric.ts'
import { everySchedule, startOf } from './schedules.ts'

const most = 4

/** One, two and four lanes side by side in one process: how much more they do together. */
export const lanesSideBySide: Measure = async (engine, server, rounds) => {
  const lanes: Lane[] = []
  try {
    for (let count = 0; count < most; count++) {
      const lane = await engine.openLane(server, { isolation: engine.defaultIsolation })
      await prepareLane(lane, checkThenInsert)
      lanes.push(lane)
    }
    const plan = startOf(checkThenInsert)
    const rate = async (count: number): Promise<number> => {
      let schedules = 0
      const ms = await timed(() =>
        Promise.all(
          lanes.slice(0, count).map(async (lane) => {
            schedules += await everySchedule(lane, checkThenInsert, plan)
          }),
        ),
      )
      return (schedules * 1000) / ms
    }
    const ratios = { 2: [] as number[], 4: [] as number[] }
    for (let round = 0; round < rounds / 2 + warmUp(rounds); round++) {
      const [one, two, four] = [await rate(1), await rate(2), await rate(4)]
      if (round < warmUp(rounds)) continue
      ratios[2].push(two / one)
      ratios[4].push(four / one)
    }
    return [
      { name: 'postgres/lanes/2-vs-1', value: median(ratios[2]), unit: 'ratio' },
      { name: 'postgres/lanes/4-vs-1', value: median(ratios[4]), unit: 'ratio' },
    ]
  } finally {
    for (const lane of lanes) await lane.close()
  }
}
