import type { Lane } from './databases/engine.ts'
import { isolationOf } from './databases/isolation.ts'
import { DatabaseFault, Fault, UsageError } from './errors.ts'
import type { Explorer } from './explorers/explorer.ts'
import { shareOf, type Budget } from './exploration/budget.ts'
import { counterexampleOf } from './exploration/counterexample.ts'
import { enumerate, scenarioOf } from './exploration/enumeration.ts'
import { Hunt } from './exploration/hunt.ts'
import { Ledger } from './exploration/ledger.ts'
import { prepareAt, whyNever, type Place } from './exploration/runner.ts'
import { sample } from './exploration/sampling.ts'
import { stopOf, type Stop } from './exploration/stop.ts'
import type { FaultName } from './faults/fault.ts'
import { whyNot } from './faults/index.ts'
import { grains as allGrains, type Grain } from './grain.ts'
import type { Violation } from './invariant.ts'
import type { Limits } from './limits.ts'
import { byName } from './names.ts'
import { judgeable } from './oracles/judgement.ts'
import type { RunRecord } from './run.ts'
import type { Strategy } from './strategy.ts'
import type { Counterexample, Exploration, Explored, FaultNotRun } from './verdict.ts'
import { count } from './words.ts'

/** What is explored, how, and for how long: see {@link explore}. */
export interface ExploreOptions {
  /** Where to run. The lane is prepared for the strategy here, and is left open. */
  readonly lane: Lane
  readonly strategy: Strategy
  readonly explorer: Explorer
  /**
   * How finely to interleave, one after the other: between statements and then inside those that
   * write, by default. What is sampled divides its budget among them; what is enumerated goes on to
   * the next when it is through with one.
   */
  readonly grains?: readonly Grain[] | undefined
  /** Most schedules. By default 1,000 when they are sampled; all when they are enumerated. */
  readonly schedules?: number | undefined
  /** Stop after this time, in milliseconds, with what has been seen until then. */
  readonly timeBudgetMs?: number | undefined
  /** Make a counterexample smaller for no longer than this, in milliseconds; by default to the end. */
  readonly shrinkBudgetMs?: number | undefined
  /** Where sampling begins: the same seed draws the same plans. By default one of its own. */
  readonly seed?: number | undefined
  /** Actors of a scenario (default 2), or the most of a generated plan (default 4). */
  readonly actors?: number | undefined
  /** Name of the scenario that a systematic explorer searches; the workload's first by default. */
  readonly scenario?: string | undefined
  /** Most preemptions in a schedule of a systematic explorer; any number by default. */
  readonly preemptions?: number | undefined
  /**
   * Kinds of faults that plans may hold, none by default: see {@link faultScopes}. What is sampled draws up
   * to two of them; what is enumerated tries one at a time, wherever it can strike.
   */
  readonly faults?: readonly FaultName[] | undefined
  /** Names of the invariants to judge by; by default those the strategy claims. */
  readonly invariants?: readonly string[] | undefined
  /** One in so many runs is done twice, and compared. 50 by default; 0 for none. */
  readonly selfCheckEvery?: number | undefined
  readonly limits?: Limits | undefined
  /** Ends the exploration before the next run, as inconclusive. */
  readonly signal?: AbortSignal | undefined
  /** Called after every judged run of the search, and after none of those that shrink. */
  readonly onRun?: ((record: RunRecord, violations: readonly Violation[]) => void) | undefined
  /** Called after every run that tries to make a counterexample smaller. */
  readonly onTrial?: (() => void) | undefined
}

const defaultGrains: readonly Grain[] = ['statement', 'phase']
const defaultSchedules = 1_000
const defaultSelfCheckEvery = 50

/**
 * Searches for a schedule in which the strategy breaks an invariant, makes it small, and repeats it.
 *
 * Faults do not reject: they make the verdict `inconclusive`.
 *
 * @throws {UsageError} when an option names something that does not exist.
 */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  return new Exploring(options).explore()
}

class Exploring {
  readonly #options: ExploreOptions
  readonly #grains: readonly Grain[]
  readonly #judged: ReadonlySet<string>
  readonly #ledger: Ledger
  readonly #hunt: Hunt
  readonly #seed: number
  readonly #startedAt = performance.now()
  #searchMs = 0

  constructor(options: ExploreOptions) {
    checkOptions(options)
    const { strategy, signal, shrinkBudgetMs, onRun, onTrial } = options
    this.#options = options
    this.#grains = options.grains ?? defaultGrains
    this.#judged = new Set(options.invariants ?? strategy.claims)
    this.#ledger = new Ledger(strategy)
    this.#hunt = new Hunt({
      judged: this.#judged,
      ledger: this.#ledger,
      signal,
      shrinkBudgetMs,
      onRun,
      onTrial,
    })
    this.#seed = options.seed ?? Math.floor(Math.random() * 2 ** 31)
  }

  async explore(): Promise<Exploration> {
    const hunt = this.#hunt
    let counterexample: Counterexample | undefined
    try {
      await this.#search()
      this.#searchMs = this.#elapsedMs()
      if (!hunt.finding || hunt.stop) this.#checkOutcome()
      else counterexample = await counterexampleOf(hunt, hunt.finding)
      return this.#result(counterexample)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#hunt.end(stopOf(error))
      return this.#result(undefined)
    }
  }

  async #search(): Promise<void> {
    const budget = this.#budget()
    const { explorer, strategy } = this.#options
    const isSampling = explorer.kind === 'sampling'
    const possible = this.#grains.filter((grain) => whyNever(strategy, grain) === undefined)
    for (const grain of this.#grains) {
      const index = possible.indexOf(grain)
      const left = { ...budget, schedules: budget.schedules - this.#ledger.schedules }
      if (this.#hunt.finding) this.#ledger.notRun(grain, 'a violation was found before')
      else if (this.#hunt.shouldStop()) this.#ledger.notRun(grain, 'the search had ended before')
      else if (index < 0) await this.#searchAt(grain, left)
      else await this.#searchAt(grain, shareOf(left, index, possible.length, isSampling))
    }
  }

  #budget(): Budget {
    const { explorer, schedules, timeBudgetMs = Infinity } = this.#options
    const most = explorer.kind === 'sampling' ? defaultSchedules : Infinity
    return { schedules: schedules ?? most, deadline: this.#startedAt + timeBudgetMs }
  }

  async #searchAt(grain: Grain, budget: Budget): Promise<void> {
    const { lane, strategy, limits, signal } = this.#options
    const place: Place = { lane, strategy, grain, limits, signal }
    const isPossible = whyNever(strategy, grain) === undefined
    if (isPossible && (budget.schedules <= 0 || performance.now() >= budget.deadline)) {
      this.#ledger.notRun(grain, 'the budget was used up before')
      return
    }
    const refusal = await prepareAt(place)
    if (refusal === undefined) {
      await this.#searchPlace(place, budget)
      await this.#checkTables()
      return
    }
    // Without another grain to go by, nothing has been looked at.
    if (this.#grains.length === 1) throw new DatabaseFault(refusal)
    this.#ledger.notRun(grain, refusal)
  }

  async #searchPlace(place: Place, budget: Budget): Promise<void> {
    const { explorer, actors, scenario, preemptions } = this.#options
    const { selfCheckEvery = defaultSelfCheckEvery } = this.#options
    if (explorer.kind === 'sampling') {
      // Each grain draws plans of its own: the same ones again would show less.
      const seed = (this.#seed + allGrains.indexOf(place.grain)) | 0
      return sample(this.#hunt, place, {
        explorer,
        seed,
        actors,
        faults: this.#faults,
        budget,
        selfCheckEvery,
      })
    }
    const wasLast = await enumerate(this.#hunt, place, {
      explorer,
      bounds: preemptions === undefined ? {} : { preemptions },
      scenario,
      actors: actors ?? 2,
      faults: this.#faults,
      budget,
      selfCheckEvery,
    })
    if (wasLast) this.#ledger.exhausted(place.grain)
  }

  /** Before they are made anew for the next grain. */
  async #checkTables(): Promise<void> {
    if (this.#hunt.stop) return
    const changed = await this.#options.lane.changedTables()
    if (changed.length > 0) this.#hunt.end(outlasting(changed, this.#hunt.finding?.violation))
  }

  /** A search that has found nothing says something only if it has looked. */
  #checkOutcome(): void {
    const { onlyRefusal, schedules, selfCheck } = this.#ledger
    if (schedules === 0) this.#hunt.end(nothingRun)
    const struck = Object.values(this.#ledger.faults(this.#faults))
    if (this.#options.faults?.length && struck.every((times) => times === 0)) {
      this.#hunt.end(struck.length > 0 ? nothingStruck : nothingCanStrike)
    }
    if (selfCheck.differences > 0) {
      this.#hunt.end({
        reason: `The same plan did not give the same run in ${selfCheck.differences} of ${count(selfCheck.runs, 'self-check')}, so the others may not have been what they should have been. ${selfCheck.first}`,
        fault: 'strategy',
      })
    }
    if (onlyRefusal !== undefined) {
      this.#hunt.end({
        reason: `Strategy "${this.#options.strategy.name}" did nothing that could be judged: in ${count(schedules, 'schedule')} none of the commands that it has to do was answered with ok. What they got most often was ${onlyRefusal}.`,
        fault: 'strategy',
      })
    }
  }

  #result(counterexample: Counterexample | undefined): Exploration {
    const explored = this.#explored()
    const { stop } = this.#hunt
    if (counterexample) return { verdict: 'violated', ...explored, counterexample }
    if (stop) return { verdict: 'inconclusive', ...explored, ...stop }
    return { verdict: 'holds', ...explored }
  }

  #explored(): Explored {
    const { lane, strategy, explorer } = this.#options
    const elapsedMs = this.#elapsedMs()
    const isSampling = explorer.kind === 'sampling'
    const { preemptions } = this.#options
    const counts = this.#ledger.counts(this.#judged, ({ exhausted }) => {
      if (isSampling) return 'drawn'
      return exhausted && preemptions === undefined ? 'exhausted' : 'enumerated'
    })
    return {
      workload: strategy.workload.name,
      strategy: strategy.name,
      database: { engine: lane.engine.name, version: lane.version, provider: lane.provider },
      ...isolationOf(lane),
      explorer: {
        name: explorer.name,
        ...(isSampling && { seed: this.#seed }),
        ...(preemptions !== undefined && { preemptions }),
      },
      ...(!isSampling && { scenario: scenarioOf(strategy.workload, this.#options.scenario).name }),
      elapsedMs: Math.round(elapsedMs),
      schedulesPerSecond: Math.round(
        (this.#ledger.schedules * 1000) / (this.#searchMs || elapsedMs),
      ),
      ...counts,
      ...(this.#faults.length > 0 && { faults: this.#ledger.faults(this.#faults) }),
      ...(this.#impossible.length > 0 && { faultsNotRun: this.#impossible }),
      exhausted: preemptions === undefined && areAllExhausted(counts.grains),
    }
  }

  get #faults(): readonly FaultName[] {
    const { faults = [], strategy, lane } = this.#options
    return faults.filter((name) => whyNot(name, strategy, lane) === undefined)
  }

  /** Kinds that were asked for and cannot strike here. */
  get #impossible(): readonly FaultNotRun[] {
    const { faults = [], strategy, lane } = this.#options
    return faults.flatMap((kind) => {
      const reason = whyNot(kind, strategy, lane)
      return reason === undefined ? [] : [{ kind, reason }]
    })
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt
  }
}

const areAllExhausted = (grains: Explored['grains']): boolean =>
  grains.length > 0 && grains.every(({ exhausted }) => exhausted)

const nothingRun: Stop = {
  reason: 'The budget was used up before the first schedule.',
  fault: 'harness',
}

const nothingStruck: Stop = {
  reason: 'No fault has struck in any schedule, so nothing is known of them. Run more schedules.',
  fault: 'harness',
}

const nothingCanStrike: Stop = {
  reason: 'None of the faults that were asked for can strike here, so nothing is known of them.',
  fault: 'harness',
}

/** @param violation what was found all the same: it may be no more than what earlier runs have left */
function outlasting(tables: readonly string[], violation: Violation | undefined): Stop {
  const found = violation
    ? ` What was found may come from that: ${violation.invariant}: ${violation.message}`
    : ''
  return {
    reason: `Commands have changed what is in ${tables.join(' and ')}, which Lockstep does not bring back, so each run has found there what the ones before it have left. Tables are left alone that have rows when the application has started, and those that a function makes: have start() leave them empty, or make them tables of the workload.${found}`,
    fault: 'strategy',
  }
}

/** Refuses what cannot be explored, before a server is started for it. */
export function checkOptions(options: Omit<ExploreOptions, 'lane'>): void {
  const { strategy, explorer, scenario, seed, invariants = strategy.claims, grains } = options
  for (const name of invariants) byName('invariant', judgeable(strategy.workload), name)
  if (invariants.length === 0) {
    // To hold nothing against a strategy and then say that it holds would be a lie.
    throw new UsageError(
      `Strategy "${strategy.name}" claims no invariant, so there is nothing to judge: name one with --invariant.`,
    )
  }
  if (explorer.kind === 'sampling') {
    if (grains?.includes('overlap') && !explorer.overlaps) {
      throw new UsageError(
        `Explorer "${explorer.name}" never sends statements together: choose random for --grain overlap.`,
      )
    }
    if (scenario !== undefined) throw notForSampling(explorer, 'data and commands', 'scenario')
    if (options.preemptions !== undefined) throw notForSampling(explorer, 'switches', 'preemptions')
    return
  }
  if (options.faults?.length && !explorer.takesFaults) {
    throw new UsageError(
      `Explorer "${explorer.name}" does not know which steps commute where faults strike: leave --faults out, or choose another one.`,
    )
  }
  if (seed !== undefined) {
    throw new UsageError(
      `Explorer "${explorer.name}" draws nothing by chance: leave --seed out, or choose a sampling explorer.`,
    )
  }
  if (grains?.includes('overlap')) {
    throw new UsageError(
      `Explorer "${explorer.name}" cannot enumerate what the server decides: choose a sampling explorer for --grain overlap.`,
    )
  }
  if (options.preemptions !== undefined && !explorer.takesBounds) {
    explorer.search({ preemptions: options.preemptions }) // which says why it refuses
  }
  scenarioOf(strategy.workload, scenario)
}

const notForSampling = ({ name }: Explorer, what: string, option: string): UsageError =>
  new UsageError(
    `Explorer "${name}" generates its own ${what}: leave --${option} out, or choose a systematic explorer.`,
  )
