import { prepareLane, type Lane, type Plan, type Strategy } from '../harness/index.ts'
import checkThenInsert from '../strategies/redemption/check-then-insert.ts'
import { BareDriver, scriptOf, type Script } from './bare-driver.ts'
import { median, timed, warmUp, type Measure } from './metric.ts'
import { oneByOne, startOf } from './schedules.ts'

/** Schedules that one does before it is the other's turn. */
const turn = 12

/**
 * The 252 interleavings of two five-statement sessions, through Lockstep and with bare `pg`: the same
 * statements in the same order. What is left is what Lockstep costs.
 */
export const versusBareDriver: Measure = async (engine, server, rounds) => {
  const strategy = checkThenInsert
  const plan = startOf(strategy)
  async function openLane(): Promise<Lane> {
    const lane = await engine.openLane(server, { isolation: engine.defaultIsolation })
    await prepareLane(lane, strategy)
    return lane
  }
  const [own, others] = [await openLane(), await openLane()]
  const scripts: Script[] = []
  for await (const record of oneByOne(own, strategy, plan)) {
    scripts.push(scriptOf(strategy, plan, record))
  }
  const driver = await BareDriver.connect(server, others)
  try {
    const ratios: number[] = []
    const rates: number[] = []
    for (let round = 0; round < rounds + warmUp(rounds); round++) {
      const { lockstepMs, bareMs } = await sideBySide(own, strategy, plan, driver, scripts)
      if (round < warmUp(rounds)) continue
      ratios.push(bareMs / lockstepMs)
      rates.push((scripts.length * 1000) / lockstepMs)
    }
    return [
      {
        name: 'postgres/no-wait/vs-bare-driver',
        value: median(ratios),
        unit: 'ratio',
        bar: 0.85,
      },
      { name: 'postgres/no-wait/rate', value: median(rates), unit: 'schedules/s' },
    ]
  } finally {
    await driver.close()
    for (const lane of [own, others]) await lane.close()
  }
}

/**
 * Both do every schedule once, taking turns after each few: whatever else the machine is doing then
 * slows both down alike.
 */
async function sideBySide(
  lane: Lane,
  strategy: Strategy,
  plan: Plan,
  driver: BareDriver,
  scripts: readonly Script[],
): Promise<{ readonly lockstepMs: number; readonly bareMs: number }> {
  const schedules = oneByOne(lane, strategy, plan)
  const total = { lockstepMs: 0, bareMs: 0 }
  for (let from = 0; from < scripts.length; from += turn) {
    const part = scripts.slice(from, from + turn)
    total.lockstepMs += await timed(async () => {
      for (const _ of part) await schedules.next()
    })
    total.bareMs += await timed(() => driver.play(part))
  }
  await schedules.next() // lets it find that none is left
  await driver.vacuum()
  return total
}
