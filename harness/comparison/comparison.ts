import { shuffle } from 'simple-statistics'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { executeLoad, type LoadResult } from '../concurrency/load.ts'
import type { Engine, Lane } from '../databases/engine.ts'
import type { DatabaseServer } from '../databases/server.ts'
import { Fault, HarnessFault } from '../errors.ts'
import { platformOf, platforms, platformSettings, type Platform } from '../hermitage/platform.ts'
import type { Strategy } from '../strategy.ts'
import type { Effort } from './effort.ts'
import { Estimate } from './estimate.ts'
import type { JournalEntry } from './journal.ts'
import { outcomeOf } from './outcome.ts'
import { engineOf, whyWithoutCost } from './places.ts'
import {
  placeName,
  type CellNotRun,
  type DatabaseRecord,
  type LoadSample,
  type Place,
  type Safety,
} from './results.ts'
import { measureSafety } from './safety.ts'
import { Turns } from './turns.ts'

/** What is compared, how thoroughly, and where the results go: see `runComparison`. */
export interface ComparisonOptions {
  readonly places: readonly Place[]
  readonly strategies: readonly Strategy[]
  readonly parts: readonly ('safety' | 'cost')[]
  readonly effort: Effort
  /** Whether the cost of every cell is wanted: see `whyWithoutCost`. */
  readonly allCosts: boolean
  readonly seed: number
  /** What has been measured before, which is not measured again. */
  readonly entries: readonly JournalEntry[]
  /** Obtains a server for as long as it is used. */
  readonly withServer: (
    engine: Engine,
    use: (server: DatabaseServer) => Promise<void>,
  ) => Promise<void>
  /** What precedes a token on the command line. */
  readonly replayCommand: string
  /** When to stop, in milliseconds since the process began. */
  readonly deadline: number
  readonly signal: AbortSignal
  /** Keeps what has been measured. */
  readonly onEntry: (entry: JournalEntry) => void
  /** Says what is under way. */
  readonly onProgress: (line: () => string) => void
}

type Part = CellNotRun['part']

/** Why something was not measured when there was no time left for it. */
export const timeIsUp = 'The time budget was used up before.'

/** Of the time that there is, if loads are to follow. */
const searchShare = 0.5
/** What waits in circles may take to end after a load: what is left then is cut off. */
const mostMsToEnd = 3_000
/** What a load takes besides: making its tables, and judging what it has left. In milliseconds. */
const usualOverheadMs = 150

/** What was not measured. */
export interface Omissions {
  readonly notRun: readonly CellNotRun[]
  /** Whether a server was there and could not be used to the end. */
  readonly hasLostServer: boolean
}

/**
 * Measures every cell: its safety on all engines at the same time, and after that its cost on one after
 * the other, with nothing beside it. What is measured is handed out at once.
 *
 * The loads of a platform and level come in blocks, one for each repetition, with strategies and numbers
 * of clients in random order in each, so that a machine that grows slow is nobody's fault. Source:
 * Montgomery, "Design and Analysis of Experiments", chapter 4, randomised complete blocks.
 */
export async function runComparison(options: ComparisonOptions): Promise<Omissions> {
  return new Comparing(options).run()
}

/** A load to be run. */
interface LoadJob {
  readonly place: Place
  readonly clients: number
  readonly contention: LoadSample['contention']
  readonly repetition: number
}

class Comparing {
  readonly #options: ComparisonOptions
  readonly #engines: readonly Engine[]
  readonly #turns: Turns
  readonly #notRun: CellNotRun[] = []
  #hasLostServer = false
  readonly #safety = new Map<string, Safety>()
  /** Loads that were run before. */
  readonly #loaded = new Set<string>()
  readonly #estimate: Estimate
  /** The platforms that are as their server is set. */
  readonly #own = new Set<Platform>()
  /** When the search for violations has to leave the rest of the time to the loads. */
  readonly #searchDeadline: number

  constructor(options: ComparisonOptions) {
    this.#options = options
    this.#engines = [...new Set(options.places.map(({ platform }) => engineOf(platform)))]
    this.#turns = new Turns(this.#engines.length)
    const { warmUpMs, loadMs } = options.effort
    const now = performance.now()
    const share = options.parts.includes('cost') ? searchShare : 1
    this.#searchDeadline = now + (options.deadline - now) * share
    this.#estimate = new Estimate(warmUpMs + loadMs + usualOverheadMs)
    for (const entry of options.entries) {
      if (entry.kind === 'safety') this.#safety.set(placeName(entry.place), entry.safety)
      if (entry.kind === 'load') this.#loaded.add(jobName({ place: entry.place, ...entry.load }))
    }
  }

  async run(): Promise<Omissions> {
    for (const engine of this.#engines) {
      this.#estimate.expectSafety(engine.name, this.#unsearched(engine).length)
      if (this.#wants('cost')) this.#estimate.expectLoads(this.#jobsOf(engine).length)
    }
    const ends = await Promise.allSettled(this.#engines.map((engine) => this.#runOn(engine)))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
    return { notRun: this.#notRun, hasLostServer: this.#hasLostServer }
  }

  /** Everything on one engine. */
  async #runOn(engine: Engine): Promise<void> {
    const { withServer, signal } = this.#options
    let hasCome = false
    let hasServer = false
    const arrive = (): void => {
      if (!hasCome) this.#turns.arrive()
      hasCome = true
    }
    try {
      if (this.#isDone(engine)) return
      await withServer(engine, async (server) => {
        hasServer = true
        await this.#describe(engine, server)
        if (this.#wants('safety')) await this.#searchAll(engine, server)
        arrive()
        if (!this.#wants('cost')) return
        await this.#turns.take(() => this.#loadAll(engine, server))
      })
    } catch (error) {
      if (!(error instanceof Fault)) {
        if (signal.aborted) return
        throw error
      }
      this.#hasLostServer ||= hasServer
      this.#giveUp(engine, error.message)
    } finally {
      arrive()
    }
  }

  #wants(part: 'safety' | 'cost'): boolean {
    return this.#options.parts.includes(part)
  }

  #placesOf(engine: Engine): Place[] {
    return this.#options.places.filter(({ platform }) => engineOf(platform) === engine)
  }

  #unsearched(engine: Engine): Place[] {
    if (!this.#wants('safety')) return []
    return this.#placesOf(engine).filter((place) => !this.#safety.has(placeName(place)))
  }

  #isDone(engine: Engine): boolean {
    const hasJobs = this.#wants('cost') && this.#jobsOf(engine).length > 0
    return this.#unsearched(engine).length === 0 && !hasJobs
  }

  /** Notes what the server is. */
  async #describe(engine: Engine, server: DatabaseServer): Promise<void> {
    const { provider } = server
    const settings = { ...(await engine.settings(server)) }
    const lane = await engine.openLane(server, { isolation: engine.defaultIsolation })
    await lane.close()
    const { version } = lane
    this.#own.add(platformOf(lane))
    for (const platform of platforms.filter((each) => engineOf(each) === engine)) {
      const database = { platform, engine: engine.name, version, provider, settings }
      this.#mustBeTheSame(database)
      this.#options.onEntry({ kind: 'database', database })
    }
  }

  /** @throws {HarnessFault} when what was measured before was measured on another server. */
  #mustBeTheSame({ platform, version, provider }: DatabaseRecord): void {
    const before = this.#options.entries.find(
      (entry) => entry.kind === 'database' && entry.database.platform === platform,
    )
    if (before?.kind !== 'database') return
    const { database } = before
    if (database.version === version && database.provider === provider) return
    throw new HarnessFault(
      `What is there was measured on ${database.version} (${database.provider}), and this is ${version} (${provider}): figures of both would not go together. Begin anew with another --output.`,
    )
  }

  async #searchAll(engine: Engine, server: DatabaseServer): Promise<void> {
    const byLane = Map.groupBy(this.#unsearched(engine), laneName)
    const byPlatform = Map.groupBy([...byLane.values()], ([first]) => first?.platform)
    await Promise.all(
      [...byPlatform.values()].map(async (groups) => {
        for (const places of groups) await this.#searchIn(engine, server, places)
      }),
    )
  }

  /** Searches all strategies at one level, on one lane as long as all goes well. */
  async #searchIn(engine: Engine, server: DatabaseServer, places: readonly Place[]): Promise<void> {
    let lane: Lane | undefined
    try {
      for (const place of places) {
        const reason = this.#whyStopped(this.#searchDeadline)
        if (reason !== undefined) {
          if (!this.#options.signal.aborted) this.#note(place, 'safety', reason)
          continue
        }
        lane ??= await engine.openLane(server, settingOf(place))
        if (await this.#search(engine, lane, place)) continue
        // What went wrong must not be handed on.
        await lane.close().catch(() => undefined)
        lane = undefined
      }
    } finally {
      await lane?.close().catch(() => undefined)
    }
  }

  /** Whether all went well. */
  async #search(engine: Engine, lane: Lane, place: Place): Promise<boolean> {
    const { effort, seed, signal, replayCommand, onEntry } = this.#options
    this.#say(place)
    const startedAt = performance.now()
    const strategy = this.#strategyOf(place)
    const options = { lane, strategy, effort, seed, signal, replayCommand }
    const safety = await measureSafety(options)
    // What was cut off is measured again another time.
    if (signal.aborted) return false
    this.#safety.set(placeName(place), safety)
    onEntry({ kind: 'safety', place, safety })
    this.#estimate.safetyDone(engine.name, performance.now() - startedAt)
    return safety.searches.every(({ verdict }) => verdict !== 'inconclusive')
  }

  async #loadAll(engine: Engine, server: DatabaseServer): Promise<void> {
    const jobs = this.#jobsOf(engine).filter(({ place }) => this.#isWorthLoading(place))
    for (const block of Map.groupBy(jobs, ({ place }) => laneName(place)).values()) {
      await this.#loadIn(engine, server, block)
    }
  }

  #jobsOf(engine: Engine): LoadJob[] {
    const { clients, contentions, repetitions } = this.#options.effort
    const jobs = this.#placesOf(engine).flatMap((place) =>
      Array.from({ length: repetitions }, (_, repetition) =>
        contentions.flatMap((contention) =>
          clients.map((number) => ({ place, clients: number, contention, repetition })),
        ),
      ).flat(),
    )
    return jobs.filter((job) => !this.#loaded.has(jobName(job)))
  }

  readonly #worth = new Map<string, boolean>()

  #isWorthLoading(place: Place): boolean {
    const name = placeName(place)
    const known = this.#worth.get(name)
    if (known !== undefined) return known
    const reason = this.#options.allCosts
      ? undefined
      : whyWithoutCost(
          place,
          (isolation) => this.#holds({ ...place, isolation }),
          this.#own.has(place.platform),
        )
    if (reason !== undefined) this.#note(place, 'cost', reason)
    this.#worth.set(name, reason === undefined)
    const { clients, contentions, repetitions } = this.#options.effort
    if (reason !== undefined) {
      this.#estimate.skipLoads(clients.length * contentions.length * repetitions)
    }
    return reason === undefined
  }

  #holds(place: Place): boolean {
    return outcomeOf({ ...place, safety: this.#safety.get(placeName(place)) }) === 'holds'
  }

  async #loadIn(engine: Engine, server: DatabaseServer, block: readonly LoadJob[]): Promise<void> {
    let lane: Lane | undefined
    const skipped = new Map<string, Place>()
    try {
      for (const job of this.#inRandomOrder(block)) {
        if (this.#whyStopped(this.#options.deadline) !== undefined) {
          skipped.set(placeName(job.place), job.place)
          continue
        }
        lane ??= await engine.openLane(server, settingOf(job.place))
        if (await this.#load(lane, job)) continue
        await lane.close().catch(() => undefined)
        lane = undefined
      }
    } finally {
      await lane?.close().catch(() => undefined)
    }
    const reason = this.#whyStopped(this.#options.deadline)
    if (reason === undefined || this.#options.signal.aborted) return
    for (const place of skipped.values()) this.#note(place, 'cost', reason)
  }

  /** Block after block, and in each the strategies in another order, and their loads. */
  #inRandomOrder(jobs: readonly LoadJob[]): LoadJob[] {
    const generator = xoroshiro128plus(this.#options.seed)
    const random = (): number => uniformFloat64(generator)
    const repetitions = Map.groupBy(jobs, ({ repetition }) => repetition)
    return [...repetitions.values()].flatMap((repetition) => {
      const cells = Map.groupBy(repetition, ({ place }) => placeName(place))
      return shuffle([...cells.values()], random).flatMap((cell) => shuffle(cell, random))
    })
  }

  /** Whether the lane can be used again. */
  async #load(lane: Lane, job: LoadJob): Promise<boolean> {
    const { effort, seed, signal, onEntry } = this.#options
    const { place, ...point } = job
    this.#say(place)
    const startedAt = performance.now()
    try {
      const measured = await executeLoad({
        lane,
        strategy: this.#strategyOf(place),
        clients: job.clients,
        contention: job.contention,
        warmUpMs: effort.warmUpMs,
        durationMs: effort.loadMs,
        seed: (seed + job.repetition) | 0,
        limitMs: mostMsToEnd,
        signal,
      })
      onEntry({ kind: 'load', place, load: { ...toSample(measured), repetition: job.repetition } })
      return true
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      if (!signal.aborted) {
        onEntry({ kind: 'load failure', place, failure: { ...point, reason: error.message } })
      }
      return false
    } finally {
      this.#estimate.loadDone(performance.now() - startedAt)
    }
  }

  #strategyOf({ workload, strategy }: Place): Strategy {
    const found = this.#options.strategies.find(
      (each) => each.name === strategy && each.workload.name === workload,
    )
    if (found) return found
    throw new HarnessFault(`There is no strategy ${workload}/${strategy} to measure.`)
  }

  #whyStopped(deadline: number): string | undefined {
    if (this.#options.signal.aborted) return 'It was interrupted before.'
    return performance.now() > deadline ? timeIsUp : undefined
  }

  #say(place: Place): void {
    this.#options.onProgress(() => `${this.#estimate.describe()}: ${placeName(place)}`)
  }

  #note(place: Place, part: Part, reason: string): void {
    this.#notRun.push({ ...place, part, reason })
  }

  /** The engine cannot be had, or is lost: nothing that is left on it will be measured. */
  #giveUp(engine: Engine, reason: string): void {
    const noted = new Set(this.#notRun.map((each) => `${placeName(each)} ${each.part}`))
    const isNoted = (place: Place, part: Part): boolean => noted.has(`${placeName(place)} ${part}`)
    const loads = this.#wants('cost') ? this.#jobsOf(engine).map(({ place }) => place) : []
    const withoutCost = new Set(loads.map(placeName))
    for (const place of this.#placesOf(engine)) {
      const lacksSafety = this.#wants('safety') && !this.#safety.has(placeName(place))
      const lacksCost = withoutCost.has(placeName(place)) && !isNoted(place, 'cost')
      if (lacksSafety && lacksCost) this.#note(place, 'both', reason)
      else if (lacksSafety && !isNoted(place, 'safety')) this.#note(place, 'safety', reason)
      else if (lacksCost) this.#note(place, 'cost', reason)
    }
  }
}

/** Places that one lane can serve. */
const laneName = ({ platform, isolation }: Place): string => `${platform} ${isolation}`

const settingOf = ({ platform, isolation }: Place) => ({
  isolation,
  snapshotIsolation: platformSettings[platform].snapshotIsolation,
})

const jobName = ({ place, clients, contention, repetition }: LoadJob): string =>
  `${placeName(place)} ${clients} ${contention} ${repetition}`

/** What is kept of a load. */
function toSample(measured: LoadResult): Omit<LoadSample, 'repetition'> {
  const { commands: _, connections: __, latencyMs, lockWaitMs, replies, ...rest } = measured
  return {
    ...rest,
    ...(latencyMs && { latencyMs }),
    ...(lockWaitMs !== undefined && { lockWaitMs }),
    replies: { ...replies, aborted: { ...replies.aborted } },
    violations: measured.violations.map(({ invariant, message }) => ({ invariant, message })),
    notJudged: measured.notJudged.map(({ invariant, reason }) => ({ invariant, reason })),
  }
}
