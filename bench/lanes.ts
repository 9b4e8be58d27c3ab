import { prepareLane, type DatabaseServer, type Engine, type Lane } from '../harness/index.ts'
import checkThenInsert from '../strategies/redemption/check-then-insert.ts'
import { BareDriver, scriptOf, type Script } from './bare-driver.ts'
import { median, timed, warmUp, type Measure, type Metric } from './metric.ts'
import { everySchedule, oneByOne, startOf } from './schedules.ts'

const counts = [1, 2, 4] as const
const most = 4

/**
 * One, two and four lanes side by side in one process: how much more they do together than one alone,
 * beside what the bare driver gains from as many. Neither can gain anything once the cores are full,
 * and one lane keeps two cores busy in turn.
 */
export const lanesSideBySide: Measure = async (engine, server, rounds) => {
  const strategy = checkThenInsert
  const plan = startOf(strategy)
  const lanes: Lane[] = []
  const drivers: BareDriver[] = []
  try {
    for (let number = 0; number < most; number++) {
      lanes.push(await openLane(engine, server))
      const others = await openLane(engine, server)
      lanes.push(others)
      drivers.push(await BareDriver.connect(server, others))
    }
    const own = lanes.filter((_, index) => index % 2 === 0)
    const [first] = own
    if (!first) throw new Error('no lane was opened')
    const scripts: Script[] = []
    for await (const record of oneByOne(first, strategy, plan)) {
      scripts.push(scriptOf(engine.name, strategy, plan, record))
    }
    const lockstep = (count: number): Promise<number> =>
      timed(() =>
        Promise.all(own.slice(0, count).map((lane) => everySchedule(lane, strategy, plan))),
      )
    const bare = (count: number): Promise<number> =>
      timed(() => Promise.all(drivers.slice(0, count).map((driver) => driver.play(scripts))))
    return [
      ...(await gains('postgres/lanes', lockstep, rounds)),
      ...(await gains('postgres/lanes/bare-driver', bare, rounds)),
    ]
  } finally {
    for (const driver of drivers) await driver.close()
    for (const lane of lanes) await lane.close()
  }
}

async function openLane(engine: Engine, server: DatabaseServer): Promise<Lane> {
  const lane = await engine.openLane(server, { isolation: engine.defaultIsolation })
  await prepareLane(lane, checkThenInsert)
  return lane
}

/** How many times as much `count` of them do in the same time. */
async function gains(
  name: string,
  milliseconds: (count: number) => Promise<number>,
  rounds: number,
): Promise<Metric[]> {
  const ratios = new Map<number, number[]>()
  for (let round = 0; round < rounds / 4 + warmUp(rounds / 2); round++) {
    const [one, ...more] = counts
    const oneMs = await milliseconds(one)
    for (const count of more) {
      const ratio = (count * oneMs) / (await milliseconds(count))
      if (round >= warmUp(rounds / 2)) ratios.set(count, [...(ratios.get(count) ?? []), ratio])
    }
  }
  return [...ratios].map(([count, values]) => ({
    name: `${name}/${count}-vs-1`,
    value: median(values),
    unit: 'ratio' as const,
  }))
}
