import {
  prepareLane,
  type DatabaseServer,
  type Engine,
  type Lane,
  type Plan,
  type Strategy,
} from '../harness/index.ts'
import { BareDriver, scriptOf, type Script } from './bare-driver.ts'
import { median, timed, warmUp, type Metric } from './metric.ts'
import { oneByOne, startOf } from './schedules.ts'

/** Schedules that one does before it is the other's turn. */
const turn = 12

/** What is measured, and what it must at least come to. */
export interface Comparison {
  /** The metrics' names begin with it, after the engine's. */
  readonly name: string
  readonly strategy: Strategy
  /** Fewest schedules a second, and the least ratio to the bare driver. */
  readonly bars: { readonly rate?: number; readonly ratio?: number }
}

/**
 * Every interleaving of a strategy's first scenario, through Lockstep and with the bare driver: the
 * same statements in the same order. What is left is what Lockstep costs: choosing, looking for waits,
 * judging.
 */
export async function sideBySide(
  { name, strategy, bars }: Comparison,
  engine: Engine,
  server: DatabaseServer,
  rounds: number,
): Promise<Metric[]> {
  const plan = startOf(strategy)
  const lanes: Lane[] = []
  const openLane = async (): Promise<Lane> => {
    const lane = await engine.openLane(server, { isolation: engine.defaultIsolation })
    lanes.push(lane)
    await prepareLane(lane, strategy)
    return lane
  }
  const [own, others] = [await openLane(), await openLane()]
  const scripts: Script[] = []
  for await (const record of oneByOne(own, strategy, plan)) {
    scripts.push(scriptOf(engine.name, strategy, plan, record))
  }
  const driver = await BareDriver.connect(server, others)
  try {
    const ratios: number[] = []
    const rates: number[] = []
    const bareRates: number[] = []
    for (let round = 0; round < rounds + warmUp(rounds); round++) {
      const { lockstepMs, bareMs } = await inTurns(own, strategy, plan, driver, scripts)
      await driver.vacuum(others, strategy.workload.tables)
      if (round < warmUp(rounds)) continue
      ratios.push(bareMs / lockstepMs)
      rates.push((scripts.length * 1000) / lockstepMs)
      bareRates.push((scripts.length * 1000) / bareMs)
    }
    const prefix = `${engine.name}/${name}`
    return [
      metric(`${prefix}/vs-bare-driver`, ratios, 'ratio', bars.ratio),
      metric(`${prefix}/rate`, rates, 'schedules/s', bars.rate),
      metric(`${prefix}/bare-driver/rate`, bareRates, 'schedules/s'),
    ]
  } finally {
    await driver.close()
    for (const lane of lanes) await lane.close()
  }
}

const metric = (
  name: string,
  values: readonly number[],
  unit: Metric['unit'],
  bar?: number,
): Metric => ({ name, value: median(values), unit, ...(bar !== undefined && { bar }) })

/**
 * Both do every schedule once, taking turns after each few: whatever else the machine is doing then
 * slows both down alike.
 */
async function inTurns(
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
  return total
}
