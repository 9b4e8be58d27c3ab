import {
  defaultLimits,
  explore,
  Fault,
  obtainServer,
  platforms,
  platformSettings,
  type DatabaseServer,
  type Engine,
  type Lane,
  type Limits,
  type Platform,
} from '../harness/index.ts'
import { engineOf, schedulesPerJob, soakJobs, type SoakJob } from './soak-jobs.ts'
import type { Soak, SoakExploration } from './soak-report.ts'
import { Shares } from './soak-shares.ts'

export interface SoakOptions {
  readonly engines: readonly Engine[]
  /** Schedules to run, the same number on every platform as long as none has nothing left to do. */
  readonly schedules: number
  readonly seed: number
  /** When to stop, in milliseconds since the process began. */
  readonly deadline: number
  readonly selfCheckEvery: number
  /** Lanes of each platform, which run side by side. */
  readonly lanes: number
  /** Called after every exploration, with the schedules run so far. */
  readonly onExploration: (explored: SoakExploration, schedules: number) => void
}

/**
 * Everything runs at the same time, and perhaps beside something else: a statement may well be slow.
 * One that waits for a lock nobody sees waits for ever.
 */
const limits: Limits = { ...defaultLimits, statementMs: 30_000, strategyMs: 30_000 }

/** Runs explorations on all platforms at the same time, until there are enough or the time is over. */
export async function soak(options: SoakOptions): Promise<Soak> {
  return new Soaking(options).run()
}

class Soaking {
  readonly #options: SoakOptions
  readonly #startedAt = performance.now()
  readonly #platforms: readonly Platform[]
  readonly #explorations: SoakExploration[] = []
  readonly #notRun: Soak['notRun'][number][] = []
  readonly #shares: Shares

  constructor(options: SoakOptions) {
    this.#options = options
    this.#platforms = platforms.filter((each) => options.engines.includes(engineOf(each)))
    const { schedules } = options
    const share = Math.ceil(schedules / this.#platforms.length)
    const most = Math.max(...this.#platforms.map((each) => schedulesPerJob(each, share)))
    this.#shares = new Shares(this.#platforms, schedules, most)
  }

  async run(): Promise<Soak> {
    await Promise.all(this.#options.engines.map((engine) => this.#runOn(engine)))
    return {
      asked: this.#options.schedules,
      seed: this.#options.seed,
      elapsedMs: performance.now() - this.#startedAt,
      explorations: this.#explorations,
      notRun: this.#notRun,
    }
  }

  async #runOn(engine: Engine): Promise<void> {
    const own = this.#platforms.filter((platform) => engineOf(platform) === engine)
    const noteAll = (error: unknown): void => own.forEach((each) => this.#note(each, error))
    const server = await obtainServer(engine).catch(noteAll)
    if (!server) return
    try {
      await Promise.all(own.map((platform) => this.#runPlatform(server, platform)))
    } finally {
      await server.stop()
    }
  }

  async #runPlatform(server: DatabaseServer, platform: Platform): Promise<void> {
    const jobs = soakJobs(platform, this.#options.seed)
    const lanes = Array.from({ length: this.#options.lanes }, () =>
      this.#runLane(server, platform, jobs),
    )
    const ends = await Promise.allSettled(lanes)
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) this.#note(platform, failed.reason)
  }

  async #runLane(
    server: DatabaseServer,
    platform: Platform,
    jobs: Iterator<SoakJob, never>,
  ): Promise<void> {
    const engine = engineOf(platform)
    const { defaultIsolation: isolation } = engine
    const { snapshotIsolation } = platformSettings[platform]
    const open = () => engine.openLane(server, { isolation, snapshotIsolation })
    let lane = await open()
    try {
      while (performance.now() < this.#options.deadline) {
        const schedules = this.#shares.take(platform)
        if (schedules === 0) return
        if (await this.#explore(platform, lane, jobs.next().value, schedules)) continue
        await lane.close() // what went wrong must not be handed on
        lane = await open()
      }
    } finally {
      await lane.close()
    }
  }

  /** Whether all went well. */
  async #explore(
    platform: Platform,
    lane: Lane,
    job: SoakJob,
    schedules: number,
  ): Promise<boolean> {
    const { deadline, selfCheckEvery, onExploration } = this.#options
    const timeBudgetMs = Math.max(1, deadline - performance.now())
    const exploration = await explore({
      ...job,
      lane,
      schedules,
      timeBudgetMs,
      selfCheckEvery,
      limits,
    })
    const isTooLate = exploration.schedules === 0 && performance.now() >= deadline
    if (isTooLate) return true
    const explored = { platform, exploration }
    this.#explorations.push(explored)
    onExploration(explored, this.#explorations.reduce(addSchedules, 0))
    return exploration.verdict === 'holds'
  }

  #note(platform: Platform, error: unknown): void {
    if (!(error instanceof Fault)) throw error
    this.#notRun.push({ platform, reason: error.message })
  }
}

const addSchedules = (sum: number, { exploration }: SoakExploration): number =>
  sum + exploration.schedules
