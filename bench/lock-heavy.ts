import { prepareLane } from '../harness/index.ts'
import selectForUpdate from '../strategies/purchase/select-for-update.ts'
import { median, timed, warmUp, type Measure } from './metric.ts'
import { everySchedule, startOf } from './schedules.ts'

/** The 36 schedules of two buyers who lock the same product, most of them with a wait. */
export const lockHeavy: Measure = async (engine, server, rounds) => {
  const lane = await engine.openLane(server, { isolation: engine.defaultIsolation })
  try {
    await prepareLane(lane, selectForUpdate)
    const rates: number[] = []
    for (let round = 0; round < rounds + warmUp(rounds); round++) {
      let schedules = 0
      const ms = await timed(async () => {
        schedules = await everySchedule(lane, selectForUpdate, startOf(selectForUpdate))
      })
      if (round >= warmUp(rounds)) rates.push((schedules * 1000) / ms)
    }
    return [{ name: 'postgres/lock-heavy/rate', value: median(rates), unit: 'schedules/s' }]
  } finally {
    await lane.close()
  }
}
