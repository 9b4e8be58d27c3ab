import { parseArgs } from 'node:util'
import { engines, obtainServer, byName } from '../harness/index.ts'
import { lanesSideBySide } from './lanes.ts'
import { lockHeavy } from './lock-heavy.ts'
import type { Metric } from './metric.ts'
import { versusBareDriver } from './no-wait.ts'

/**
 * Measures speed, always as a ratio against something in the same run where there is a threshold:
 * machines differ, and are noisy.
 */

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '40' } },
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 4) {
  console.error(`bench: --rounds takes a whole number of at least 4, and not "${values.rounds}".`)
  process.exit(2)
}

const engine = byName('database', engines, 'postgres')
const server = await obtainServer(engine)
try {
  const metrics: Metric[] = []
  for (const measure of [versusBareDriver, lockHeavy, lanesSideBySide]) {
    metrics.push(...(await measure(engine, server, rounds)))
  }
  if (values.json) console.log(JSON.stringify({ metrics }, undefined, 2))
  else console.log(metrics.map(describe).join('\n'))
  if (metrics.some(({ value, bar }) => bar !== undefined && value < bar)) process.exitCode = 1
} finally {
  await server.stop()
}

function describe({ name, value, unit, bar }: Metric): string {
  const number = unit === 'ratio' ? value.toFixed(2) : value.toFixed(0)
  const threshold =
    bar === undefined ? '' : `  (at least ${bar}: ${value < bar ? 'missed' : 'met'})`
  return `${name.padEnd(42)} ${number.padStart(6)} ${unit}${threshold}`
}
