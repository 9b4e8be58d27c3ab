import { parseArgs } from 'node:util'
import { byName, engines, UsageError } from '../harness/index.ts'
import { renderSoak, soakToJson, soakVerdict, type SoakVerdict } from './soak-report.ts'
import { soak, type SoakOptions } from './soak-run.ts'

/**
 * Runs strategies that are known to be safe for a long time: everything that is found is either a
 * mistake in what is known of them, or in Lockstep.
 */

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '100000' },
    'time-budget': { type: 'string', default: '3600' },
    database: { type: 'string', default: 'all' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    'self-check-every': { type: 'string', default: '50' },
    lanes: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})

const exitCodes = { holds: 0, violated: 1, inconclusive: 3 } as const satisfies Record<
  SoakVerdict,
  number
>

const progressMs = 10_000
let shownAt = 0

/** A line now and then, for whoever waits; and one for everything that is not as it should be. */
const onExploration: SoakOptions['onExploration'] = ({ platform, exploration }, schedules) => {
  const { verdict, workload, strategy, explorer } = exploration
  const now = performance.now()
  if (verdict === 'holds' && now - shownAt < progressMs) return
  shownAt = now
  const seconds = Math.round(now / 1000)
  const where = `${workload}/${strategy} on ${platform}, ${explorer.name}, seed ${explorer.seed}`
  const why = verdict === 'inconclusive' ? `. ${exploration.reason}` : ''
  console.error(`${seconds} s: ${schedules} schedules; ${where}: ${verdict}${why}`)
}

function wholeNumber(option: keyof typeof values, min: number): number {
  const number = Number(values[option])
  if (Number.isSafeInteger(number) && number >= min) return number
  throw new UsageError(
    `--${option} takes a whole number of at least ${min}, and not "${String(values[option])}".`,
  )
}

async function run(): Promise<number> {
  const names = values.database === 'all' ? [] : values.database.split(',')
  const result = await soak({
    engines: names.length === 0 ? engines : names.map((name) => byName('database', engines, name)),
    schedules: wholeNumber('schedules', 1),
    seed: wholeNumber('seed', 0),
    deadline: performance.now() + wholeNumber('time-budget', 1) * 1000,
    selfCheckEvery: wholeNumber('self-check-every', 0),
    lanes: wholeNumber('lanes', 1),
    onExploration,
  })
  console.log(values.json ? JSON.stringify(soakToJson(result), undefined, 2) : renderSoak(result))
  return exitCodes[soakVerdict(result)]
}

try {
  process.exitCode = await run()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`soak: ${error.message}`)
  process.exitCode = 2
}
