import { parseArgs } from 'node:util'
import { byName, DatabaseFault, engines, obtainServer, type Engine } from '../harness/index.ts'
import selectForUpdate from '../strategies/purchase/select-for-update.ts'
import checkThenInsert from '../strategies/redemption/check-then-insert.ts'
import { lanesSideBySide } from './lanes.ts'
import type { Measure, Metric } from './metric.ts'
import { peersSideBySide } from './peers.ts'
import { proxySideBySide } from './proxy.ts'
import { sideBySide, type Comparison } from './side-by-side.ts'

/**
 * Measures speed, always as a ratio against something in the same run where there is a threshold:
 * machines differ, and are noisy.
 */

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '40' },
    database: { type: 'string', default: 'all' },
    /** Compare with other tools, and measure nothing else. */
    peers: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 4) {
  console.error(`bench: --rounds takes a whole number of at least 4, and not "${values.rounds}".`)
  process.exit(2)
}
const chosen =
  values.database !== 'all'
    ? [byName('database', engines, values.database)]
    : values.peers
      ? [byName('database', engines, 'postgres')]
      : engines

/** Two five-statement sessions that never wait for each other. */
const noWait: Comparison = { name: 'no-wait', strategy: checkThenInsert, bars: {} }
/** Two buyers who lock the same product: most schedules have a wait. */
const lockHeavy: Comparison = {
  name: 'lock-heavy',
  strategy: selectForUpdate,
  bars: { rate: 250 },
}

const compare =
  (comparison: Comparison): Measure =>
  (engine, server) =>
    sideBySide(comparison, engine, server, rounds)

const measures: Readonly<Record<string, readonly Measure[]>> = {
  postgres: [
    compare({ ...noWait, bars: { ratio: 0.85 } }),
    compare(lockHeavy),
    lanesSideBySide,
    proxySideBySide,
  ],
}
const innodbMeasures = [compare(noWait), compare(lockHeavy), proxySideBySide]

const metrics: Metric[] = []
const notRun: { readonly engine: string; readonly reason: string }[] = []
for (const engine of chosen) {
  try {
    metrics.push(...(await measureOn(engine)))
  } catch (error) {
    if (!(error instanceof DatabaseFault) || chosen.length === 1) throw error
    notRun.push({ engine: engine.name, reason: error.message })
  }
}
if (values.json) console.log(JSON.stringify({ metrics, notRun }, undefined, 2))
else {
  console.log(metrics.map(describe).join('\n'))
  for (const { engine, reason } of notRun) console.log(`${engine} was not measured. ${reason}`)
}
if (metrics.some(({ value, bar }) => bar !== undefined && value < bar)) process.exitCode = 1

async function measureOn(engine: Engine): Promise<Metric[]> {
  const server = await obtainServer(engine)
  try {
    const found: Metric[] = []
    const wanted = values.peers ? [peersSideBySide] : (measures[engine.name] ?? innodbMeasures)
    for (const measure of wanted) {
      found.push(...(await measure(engine, server, rounds)))
    }
    return found
  } finally {
    await server.stop()
  }
}

function describe({ name, value, unit, bar }: Metric): string {
  const number = unit === 'ratio' ? value.toFixed(2) : value.toFixed(0)
  const threshold =
    bar === undefined ? '' : `  (at least ${bar}: ${value < bar ? 'missed' : 'met'})`
  return `${name.padEnd(42)} ${number.padStart(6)} ${unit}${threshold}`
}
