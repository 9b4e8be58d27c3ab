import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import {
  byName,
  DatabaseFault,
  describeIsolation,
  engines,
  explorers,
  obtainServer,
  prepareLane,
  type Coordination,
  type Engine,
  type Lane,
  type SamplingExplorer,
  type Strategy,
  type Target,
} from '../harness/index.ts'
import { expectations } from '../properties/expectations.ts'
import { catalogue, strategyIds, type StrategyId } from '../strategies/index.ts'
import {
  medianSchedules,
  tablesOf,
  type Measured,
  type Searches,
  type Trials,
} from './detection-table.ts'
import { schedulesToFirst, violationsWithoutControl } from './first-violation.ts'

/**
 * Measures how soon each explorer finds what is unsafe, beside runs that nobody schedules. Results are
 * written to a file after every measurement, and what is in it already is not measured again.
 *
 * `--strategy` and `--way` (an explorer, `naive` or `barrier`) leave out all others. With a scenario,
 * data and commands are those of two actors in it, and only the schedule is drawn.
 */

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'all' },
    strategy: { type: 'string', multiple: true },
    way: { type: 'string', multiple: true },
    seeds: { type: 'string', default: '20' },
    schedules: { type: 'string', default: '1000' },
    trials: { type: 'string', default: '500' },
    minutes: { type: 'string', default: '40' },
    scenario: { type: 'string' },
    results: { type: 'string', default: 'detection.json' },
  },
})

const [seeds, most, trials, minutes] = (['seeds', 'schedules', 'trials', 'minutes'] as const).map(
  wholeNumber,
) as [number, number, number, number]
const file = values.results
const deadline = performance.now() + minutes * 60_000

const samplers = explorers.filter((each): each is SamplingExplorer => each.kind === 'sampling')
/** What runs without a scheduler are called in the table. */
const uncontrolled = { naive: 'none', barrier: 'barrier' } as const satisfies Record<
  string,
  Coordination
>
const ways = [...samplers.map(({ name }) => name), ...Object.keys(uncontrolled)]

const results: Measured[] = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly results: Measured[] }).results
  : []

const chosen = values.database === 'all' ? engines : [byName('database', engines, values.database)]
for (const engine of chosen) {
  try {
    await measureOn(engine)
  } catch (error) {
    if (!(error instanceof DatabaseFault) || chosen.length === 1) throw error
    console.error(`${engine.title} was not measured. ${error.message}`)
  }
}
console.log(tablesOf(results, ways))

async function measureOn(engine: Engine): Promise<void> {
  const server = await obtainServer(engine)
  try {
    const lane = await engine.openLane(server, { isolation: engine.defaultIsolation })
    try {
      for (const id of unsafeOn(lane)) await measureStrategy(lane, id)
    } finally {
      await lane.close()
    }
  } finally {
    await server.stop()
  }
}

/** The strategies that break at the engine's own level, or those that were asked for. */
function unsafeOn(lane: Lane): readonly StrategyId[] {
  const platform = lane.snapshotIsolation ? 'mariadb with snapshot isolation' : lane.engine.name
  return strategyIds.filter(
    (id) =>
      (values.strategy?.includes(id) ?? true) &&
      catalogue[id].engines.includes(lane.engine.name) &&
      (expectations[id][platform][lane.isolation].breaks ?? []).length > 0,
  )
}

async function measureStrategy(lane: Lane, id: StrategyId): Promise<void> {
  const strategy: Strategy = catalogue[id]
  const within = values.scenario === undefined ? '' : `, two actors in ${values.scenario}`
  const cell = `${lane.engine.title} ${lane.version}, ${describeIsolation(lane)}${within}`
  const isKnown = (way: string): boolean =>
    results.some((each) => each.strategy === id && each.cell === cell && each.way === way)
  const missing = ways.filter((way) => !isKnown(way) && (values.way?.includes(way) ?? true))
  if (missing.length === 0) return
  await prepareLane(lane, strategy)
  for (const way of missing) {
    if (performance.now() > deadline) return
    const startedAt = performance.now()
    const measured = await measure({ lane, strategy, start: startOf(strategy) }, way)
    const elapsedMs = Math.round(performance.now() - startedAt)
    results.push({ strategy: id, engine: lane.engine.name, cell, way, elapsedMs, ...measured })
    writeFileSync(file, `${JSON.stringify({ machine: machine(), results }, undefined, 2)}\n`)
    console.error(`${cell}  ${id}  ${way}  ${elapsedMs} ms  ${figure(measured)}`)
  }
}

function startOf({ workload }: Strategy): Target['start'] {
  if (values.scenario === undefined) return undefined
  return byName('scenario', workload.scenarios, values.scenario).start(2)
}

type Figures = (Searches | Trials) & { readonly notJudged: number }

async function measure(target: Target, way: string): Promise<Figures> {
  const explorer = samplers.find(({ name }) => name === way)
  if (explorer) return search(target, explorer)
  const coordination = uncontrolled[way as keyof typeof uncontrolled]
  const seen = await violationsWithoutControl(target, coordination, trials)
  return { kind: 'trials', trials, ...seen }
}

async function search(target: Target, explorer: SamplingExplorer): Promise<Figures> {
  const schedules: (number | null)[] = []
  let [notJudged, beyond] = [0, 0]
  for (let seed = 1; seed <= seeds; seed++) {
    // Once more than half have found nothing, what the others find does not change the median.
    const isDecided = 2 * beyond > seeds
    const found = isDecided ? undefined : await schedulesToFirst(target, explorer, seed, most)
    notJudged += found?.notJudged ?? 0
    if (found?.schedules === undefined) beyond += 1
    schedules.push(found?.schedules ?? null)
  }
  return { kind: 'searches', schedules, most, notJudged }
}

function figure(measured: Figures): string {
  if (measured.kind === 'trials') return `${measured.violations} of ${measured.trials}`
  return `median ${medianSchedules(measured) ?? `beyond ${measured.most}`}`
}

function machine() {
  return {
    processors: cpus().map(({ model }) => model),
    memoryBytes: totalmem(),
    node: process.version,
  }
}

function wholeNumber(name: 'seeds' | 'schedules' | 'trials' | 'minutes'): number {
  const number = Number(values[name])
  if (Number.isInteger(number) && number > 0) return number
  console.error(
    `detection: --${name} takes a whole number of at least 1, and not "${values[name]}".`,
  )
  process.exit(2)
}
