import { parseArgs } from 'node:util'
import {
  byName,
  engines,
  explore,
  Fault,
  obtainServer,
  platforms,
  platformSettings,
  UsageError,
  type DatabaseServer,
  type Engine,
  type Exploration,
  type Platform,
} from '../harness/index.ts'
import { engineOf, schedulesPerJob, soakJobs } from './soak-jobs.ts'
import {
  renderSoak,
  soakToJson,
  soakVerdict,
  type Soak,
  type SoakExploration,
  type SoakVerdict,
} from './soak-report.ts'

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
    json: { type: 'boolean', default: false },
  },
})

function wholeNumber(option: keyof typeof values, min: number): number {
  const number = Number(values[option])
  if (Number.isSafeInteger(number) && number >= min) return number
  throw new UsageError(
    `--${option} takes a whole number of at least ${min}, and not "${String(values[option])}".`,
  )
}

const exitCodes = { holds: 0, violated: 1, inconclusive: 3 } as const satisfies Record<
  SoakVerdict,
  number
>

const startedAt = performance.now()
const explorations: SoakExploration[] = []
const notRun: Soak['notRun'][number][] = []

async function soak(chosen: readonly Engine[]): Promise<number> {
  const asked = wholeNumber('schedules', 1)
  const seed = wholeNumber('seed', 0)
  const deadline = startedAt + wholeNumber('time-budget', 1) * 1000
  const selfCheckEvery = wholeNumber('self-check-every', 0)
  const wanted = platforms.filter((platform) => chosen.includes(engineOf(platform)))
  const share = Math.ceil(asked / wanted.length)
  await Promise.all(
    chosen.map((engine) =>
      onServer(
        engine,
        wanted.filter((platform) => engineOf(platform) === engine),
        (server, platform) =>
          soakPlatform(server, platform, { share, seed, deadline, selfCheckEvery }),
      ),
    ),
  )
  const result = { asked, seed, elapsedMs: performance.now() - startedAt, explorations, notRun }
  console.log(values.json ? JSON.stringify(soakToJson(result), undefined, 2) : renderSoak(result))
  return exitCodes[soakVerdict(result)]
}

/** Obtains a server for the platforms of an engine, which have a lane each. */
async function onServer(
  engine: Engine,
  own: readonly Platform[],
  use: (server: DatabaseServer, platform: Platform) => Promise<void>,
): Promise<void> {
  let server: DatabaseServer
  try {
    server = await obtainServer(engine)
  } catch (error) {
    for (const platform of own) note(platform, error)
    return
  }
  try {
    await Promise.all(
      own.map((platform) => use(server, platform).catch((error: unknown) => note(platform, error))),
    )
  } finally {
    await server.stop()
  }
}

function note(platform: Platform, error: unknown): void {
  if (!(error instanceof Fault)) throw error
  notRun.push({ platform, reason: error.message })
}

interface SoakShare {
  /** Schedules to run on the platform. */
  readonly share: number
  readonly seed: number
  readonly deadline: number
  readonly selfCheckEvery: number
}

async function soakPlatform(
  server: DatabaseServer,
  platform: Platform,
  { share, seed, deadline, selfCheckEvery }: SoakShare,
): Promise<void> {
  const engine = engineOf(platform)
  const { snapshotIsolation } = platformSettings[platform]
  const open = () =>
    engine.openLane(server, { isolation: engine.defaultIsolation, snapshotIsolation })
  let lane = await open()
  try {
    let left = share
    const most = schedulesPerJob(platform, share)
    for (const job of soakJobs(platform, seed)) {
      const timeBudgetMs = deadline - performance.now()
      if (left <= 0 || timeBudgetMs <= 0) break
      const schedules = Math.min(left, most)
      const exploration = await explore({ ...job, lane, schedules, timeBudgetMs, selfCheckEvery })
      if (exploration.schedules === 0 && performance.now() >= deadline) break
      left -= schedules
      explorations.push({ platform, exploration })
      progress(platform, exploration)
      if (exploration.verdict === 'holds') continue
      await lane.close() // what went wrong must not be handed on
      lane = await open()
    }
  } finally {
    await lane.close()
  }
}

const progressMs = 10_000
let shownAt = startedAt

/** A line now and then, for whoever waits; and one for everything that is not as it should be. */
function progress(platform: Platform, { verdict, workload, strategy }: Exploration): void {
  const now = performance.now()
  if (verdict === 'holds' && now - shownAt < progressMs) return
  shownAt = now
  const done = explorations.reduce((sum, { exploration }) => sum + exploration.schedules, 0)
  console.error(
    `${Math.round((now - startedAt) / 1000)} s: ${done} schedules; ${workload}/${strategy} on ${platform}: ${verdict}`,
  )
}

try {
  const chosen =
    values.database === 'all'
      ? engines
      : values.database.split(',').map((name) => byName('database', engines, name))
  process.exitCode = await soak(chosen)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`soak: ${error.message}`)
  process.exitCode = 2
}
