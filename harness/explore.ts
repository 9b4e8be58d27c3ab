import fc from 'fast-check'
import { contextSwitches, minimise, scheduleOf, type Failure } from './counterexample/minimise.ts'
import { replay } from './counterexample/replay.ts'
import { encodeToken } from './counterexample/token.ts'
import { traceOf } from './counterexample/trace.ts'
import type { Lane } from './databases/engine.ts'
import { Fault, ReplayDivergence, StrategyFault, UsageError, type FaultKind } from './errors.ts'
import type {
  Explorer,
  SamplingExplorer,
  Search,
  SystematicExplorer,
} from './explorers/explorer.ts'
import type { ActorId, History } from './history.ts'
import type { Violation } from './invariant.ts'
import { settingOf } from './footprints/setting.ts'
import { StepCounts } from './outlook.ts'
import type { Limits } from './limits.ts'
import { byName } from './names.ts'
import { defaultAttempts, defaultBounds, planArbitrary, type Plan } from './plan.ts'
import { count } from './words.ts'
import { executeRun, judge, prepareLane, type RunRecord } from './run.ts'
import type { Chooser } from './scheduler/choice.ts'
import type { Strategy } from './strategy.ts'
import { Tally } from './tally.ts'
import type { Counterexample, Exploration, Explored } from './verdict.ts'
import type { AnyWorkload } from './workload.ts'

export interface ExploreOptions {
  /** Where to run. The lane is prepared for the strategy here, and is left open. */
  readonly lane: Lane
  readonly strategy: Strategy
  readonly explorer: Explorer
  /** Most schedules. By default 1,000 when they are sampled; all when they are enumerated. */
  readonly schedules?: number | undefined
  /** Stop after this time, in milliseconds, with what has been seen until then. */
  readonly timeBudgetMs?: number | undefined
  /** Where sampling begins: the same seed draws the same plans. By default one of its own. */
  readonly seed?: number | undefined
  /** Actors of a scenario (default 2), or the most of a generated plan (default 4). */
  readonly actors?: number | undefined
  /** Name of the scenario that a systematic explorer searches; the workload's first by default. */
  readonly scenario?: string | undefined
  /** Names of the invariants to judge by; by default those the strategy claims. */
  readonly invariants?: readonly string[] | undefined
  readonly limits?: Limits | undefined
  /** Ends the exploration before the next run, as inconclusive. */
  readonly signal?: AbortSignal | undefined
  /** Called after every judged run of the search, and after none of those that shrink. */
  readonly onRun?: ((record: RunRecord, violations: readonly Violation[]) => void) | undefined
  /** Called after every run that tries to make a counterexample smaller. */
  readonly onTrial?: (() => void) | undefined
}

/** How often a counterexample is repeated before it is reported. */
export const replaysPerCounterexample = 10
const defaultSchedules = 1_000

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

/** The first step at which more than one actor waited, or Infinity. */
function firstQueue(history: History): number {
  const waiting = new Set<ActorId>()
  for (const event of history) {
    if (event.kind === 'blocked') waiting.add(event.actor)
    if (event.kind === 'unblocked') waiting.delete(event.actor)
    if (waiting.size > 1 && 'step' in event) return event.step
  }
  return Infinity
}

/** Left out rather than undefined, where there is no such thing. */
const isolationOf = ({ isolation, snapshotIsolation }: Lane) => ({
  isolation,
  ...(snapshotIsolation !== undefined && { snapshotIsolation }),
})

/** A run that broke a judged invariant. */
interface Finding {
  readonly plan: Plan
  readonly record: RunRecord
  readonly violation: Violation
}

/** Why a search ended before it could say anything. */
interface Stop {
  readonly reason: string
  readonly fault: FaultKind | 'interrupted'
}

class Exploring {
  readonly #options: ExploreOptions
  readonly #judged: ReadonlySet<string>
  readonly #tally: Tally
  readonly #counts: StepCounts
  readonly #startedAt = performance.now()
  #search: Search | undefined
  #searchMs = 0
  #exhausted = false
  #first: Failure | undefined
  /** The first run in which never more than one actor waited. */
  #firstPlain: Failure | undefined
  #finding: Finding | undefined
  #stop: Stop | undefined
  /** Why a replay of the counterexample could not be followed. */
  #replayFault: Fault | undefined

  constructor(options: ExploreOptions) {
    this.#options = options
    this.#tally = new Tally(options.strategy)
    this.#counts = new StepCounts(options.lane.engine.name)
    const known = options.strategy.workload.invariants
    const names = options.invariants ?? options.strategy.claims
    this.#judged = new Set(names.map((name) => byName('invariant', known, name).name))
    if (this.#judged.size === 0) throw nothingJudged(options.strategy)
  }

  async explore(): Promise<Exploration> {
    const { explorer, lane, strategy } = this.#options
    const seed = this.#options.seed ?? Math.floor(Math.random() * 2 ** 31)
    const search =
      explorer.kind === 'sampling'
        ? () => this.#sample(explorer, seed)
        : this.#enumeration(explorer)
    try {
      await prepareLane(lane, strategy)
      await search()
      this.#searchMs ||= this.#elapsedMs()
      if (!this.#finding) this.#stop ??= this.#nothingDone()
      const counterexample = this.#finding && (await this.#counterexample(this.#finding))
      if (counterexample?.replays.reproduced === 0) throw this.#notReproduced(counterexample)
      return this.#result(counterexample, explorer.kind === 'sampling' ? seed : undefined)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#stop ??= { reason: error.message, fault: error.kind }
      return this.#result(undefined, explorer.kind === 'sampling' ? seed : undefined)
    }
  }

  /** What cannot be seen again cannot be told from a fault of the runs before it. */
  #notReproduced({ invariant, message, replays }: Counterexample): Fault {
    const why = this.#replayFault?.message ?? 'Each went the same way and broke nothing.'
    return new StrategyFault(
      `${invariant} was broken once (${message.replace(/\.$/, '')}), and in none of ${replays.of} replays again. Perhaps the strategy keeps something between runs. ${why}`,
    )
  }

  #nothingDone(): Stop | undefined {
    const { onlyRefusal, schedules } = this.#tally
    if (onlyRefusal === undefined) return undefined
    return {
      reason: `Strategy "${this.#options.strategy.name}" did nothing that could be judged: in ${count(schedules, 'schedule')} none of the commands that it has to do was answered with ok. What they got most often was ${onlyRefusal}.`,
      fault: 'strategy',
    }
  }

  /** Through fast-check's own runner, which also shrinks what it finds. */
  async #sample(explorer: SamplingExplorer, seed: number): Promise<void> {
    const { strategy, timeBudgetMs, schedules = defaultSchedules } = this.#options
    const most = this.#options.actors ?? defaultBounds.actors.max
    const bounds = { ...defaultBounds, actors: { min: Math.min(2, most), max: most } }
    const plans = planArbitrary(strategy.workload, explorer.schedule, bounds)
    let underWay: Promise<unknown> | undefined
    const property = fc.asyncProperty(plans, async (plan) => {
      // Ends fast-check's run here, which would draw all the plans that are left otherwise.
      if (this.#shouldStop()) throw new fc.PreconditionFailure(true)
      const run = this.#survives(plan, explorer.chooser(plan.schedule, this.#counts.outlook(plan)))
      underWay = run.catch(() => undefined)
      return run
    })
    const details = await fc.check(property, {
      seed,
      numRuns: schedules,
      ...(timeBudgetMs !== undefined && { interruptAfterTimeLimit: timeBudgetMs }),
    })
    // When its time is up, fast-check does not wait for the run under way. The lane does.
    await underWay
    // fast-check takes whatever is thrown for a failed property. A crash must not pass for a pass.
    if (details.counterexample !== null && !this.#finding) throw details.errorInstance
    if (!this.#stop && this.#tally.schedules === 0) this.#stop = nothingRun
    if (!this.#stop && !this.#finding) await this.#repeatFirst()
  }

  /**
   * The first run again, after all the others. If it goes another way now, something has outlasted
   * the runs, and all but the first have perhaps not been what they should have been.
   */
  async #repeatFirst(): Promise<void> {
    if (!this.#first) return
    const divergence = await this.#divergenceOf(this.#first)
    if (!divergence) return
    // From where several wait on, the database may have chosen otherwise. A run without that tells.
    const isChance = divergence.step > firstQueue(this.#first.record.history)
    if (isChance && this.#firstPlain && !(await this.#divergenceOf(this.#firstPlain))) return
    this.#stop = {
      reason: `Something outlasts the runs of strategy "${this.#options.strategy.name}", such as state it keeps in the process: the first one was repeated after all others and went another way. ${divergence.message}`,
      fault: 'strategy',
    }
  }

  /** Where a run goes another way each time it is repeated; undefined when it once does not. */
  async #divergenceOf({ plan, record }: Failure): Promise<ReplayDivergence | undefined> {
    const recording = {
      plan: { ...plan, schedule: record.choices.map(({ chosen }) => chosen) },
      trace: traceOf(record.choices),
    }
    const { lane, strategy, limits, signal } = this.#options
    let first: ReplayDivergence | undefined
    for (let attempt = 0; attempt < replaysPerCounterexample; attempt++) {
      try {
        await replay({ lane, strategy, limits, signal, recording })
        return undefined
      } catch (error) {
        if (!(error instanceof ReplayDivergence)) throw error
        first ??= error
      }
    }
    return first
  }

  #enumeration(explorer: SystematicExplorer): () => Promise<void> {
    const { strategy, actors = 2, timeBudgetMs = Infinity, schedules = Infinity } = this.#options
    const start = scenarioOf(strategy.workload, this.#options.scenario).start(actors)
    const plan: Plan = { ...start, schedule: [], attempts: defaultAttempts }
    return async () => {
      const search = explorer.search({ setting: settingOf(this.#options.lane, strategy) })
      this.#search = search
      for (let choose = search.next(); choose; choose = search.next()) {
        const spent = this.#tally.schedules >= schedules || this.#elapsedMs() > timeBudgetMs
        if (spent || this.#shouldStop()) {
          if (!this.#stop && this.#tally.schedules === 0) this.#stop = nothingRun
          return
        }
        if (!(await this.#survives(plan, choose))) return
      }
      this.#exhausted = this.#stop === undefined
    }
  }

  /** Runs a plan, and keeps it when it breaks what is looked for. */
  async #survives(plan: Plan, choose: Chooser): Promise<boolean> {
    const searching = this.#finding === undefined
    const finding = await this.#attempt(plan, choose, searching)
    if (!finding) return true
    if (searching) this.#searchMs = this.#elapsedMs()
    this.#finding = finding
    return false
  }

  async #attempt(plan: Plan, choose: Chooser, searching: boolean): Promise<Finding | undefined> {
    try {
      const record = await this.#run(plan, choose)
      const violations = judge(this.#options.strategy, record)
      this.#first ??= { plan, record }
      if (!this.#firstPlain && firstQueue(record.history) === Infinity) {
        this.#firstPlain = { plan, record }
      }
      if (searching) this.#count(record, violations)
      else this.#options.onTrial?.()
      const violation = this.#relevant(violations)
      return violation && { plan, record, violation }
    } catch (error) {
      // A smaller plan that cannot be judged is no counterexample, and takes nothing from the one
      // that was found. Without one, the search ends here.
      if (!(error instanceof Fault)) throw error
      if (searching && !this.#shouldStop())
        this.#stop = { reason: error.message, fault: error.kind }
      return undefined
    }
  }

  #count(record: RunRecord, violations: readonly Violation[]): void {
    this.#counts.learn(record)
    this.#search?.ran?.(record.history)
    this.#tally.add(record, violations)
    this.#options.onRun?.(record, violations)
  }

  #relevant(violations: readonly Violation[]): Violation | undefined {
    return violations.find(({ invariant }) => this.#looksFor(invariant))
  }

  /**
   * Once something is found, only what breaks the same invariant is the same thing, but smaller; or
   * what breaks one that comes before it, as the workload names the most telling first.
   */
  #looksFor(invariant: string): boolean {
    if (!this.#judged.has(invariant)) return false
    if (!this.#finding) return true
    const order = this.#options.strategy.workload.invariants.map(({ name }) => name)
    return order.indexOf(invariant) <= order.indexOf(this.#finding.violation.invariant)
  }

  #shouldStop(): boolean {
    const { signal } = this.#options
    if (signal?.aborted && !this.#finding) this.#stop ??= this.#interruption(signal.reason)
    return this.#stop !== undefined || signal?.aborted === true
  }

  /** Whoever interrupts may have found a fault. Otherwise it was somebody who had seen enough. */
  #interruption(reason: unknown): Stop {
    if (reason instanceof Fault) return { reason: reason.message, fault: reason.kind }
    return {
      reason: `Interrupted after ${count(this.#tally.schedules, 'schedule')}.`,
      fault: 'interrupted',
    }
  }

  #run(plan: Plan, choose: Chooser): Promise<RunRecord> {
    const { lane, strategy, limits, signal } = this.#options
    return executeRun({ lane, strategy, plan, choose, limits, signal })
  }

  async #counterexample(finding: Finding): Promise<Counterexample> {
    const { plan: found, record } = await this.#minimise(finding)
    const violation = this.#relevant(judge(this.#options.strategy, record)) ?? finding.violation
    const { invariant } = violation
    const plan: Plan = { ...found, schedule: scheduleOf(record) }
    const { lane, strategy } = this.#options
    const trace = traceOf(record.choices)
    const token = encodeToken({
      workload: strategy.workload.name,
      strategy: strategy.name,
      engine: lane.engine.name,
      ...isolationOf(lane),
      invariant,
      plan,
      trace,
    })
    return {
      invariant,
      message: violation.message,
      actors: plan.actors.length,
      steps: record.steps,
      contextSwitches: contextSwitches(record.history),
      token,
      replays: await this.#replays(plan, trace, invariant),
      plan,
      run: record,
    }
  }

  #minimise(finding: Finding): Promise<Failure> {
    return minimise(finding, this.#options.strategy.workload, async (plan, choose) => {
      if (this.#shouldStop()) return undefined
      return (await this.#attempt(plan, choose, false))?.record
    })
  }

  async #replays(
    plan: Plan,
    trace: readonly number[],
    invariant: string,
  ): Promise<Counterexample['replays']> {
    const recording = { plan, trace }
    // Not interrupted: they are few, and without them the counterexample would look like a fluke.
    const { lane, strategy, limits } = this.#options
    let reproduced = 0
    for (let done = 0; done < replaysPerCounterexample; done++) {
      try {
        const { violations } = await replay({ lane, strategy, limits, recording })
        if (violations.some((each) => each.invariant === invariant)) reproduced += 1
      } catch (error) {
        if (!(error instanceof Fault)) throw error // a replay that fails has not reproduced it
        this.#replayFault ??= error
      }
    }
    return { reproduced, of: replaysPerCounterexample }
  }

  #result(counterexample: Counterexample | undefined, seed: number | undefined): Exploration {
    const { lane, strategy, explorer } = this.#options
    const elapsedMs = this.#elapsedMs()
    const { schedules } = this.#tally
    const explored: Explored = {
      workload: strategy.workload.name,
      strategy: strategy.name,
      database: { engine: lane.engine.name, version: lane.version, provider: lane.provider },
      ...isolationOf(lane),
      explorer: { name: explorer.name, ...(seed !== undefined && { seed }) },
      ...(explorer.kind === 'systematic' && {
        scenario: scenarioOf(strategy.workload, this.#options.scenario).name,
      }),
      schedules,
      exhausted: this.#exhausted,
      elapsedMs: Math.round(elapsedMs),
      schedulesPerSecond: Math.round((schedules * 1000) / (this.#searchMs || elapsedMs)),
      replies: this.#tally.replies,
      invariants: this.#tally.invariants(this.#judged),
    }
    if (counterexample) return { verdict: 'violated', ...explored, counterexample }
    if (this.#stop) return { verdict: 'inconclusive', ...explored, ...this.#stop }
    return { verdict: 'holds', ...explored }
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt
  }
}

const nothingRun = {
  reason: 'The budget was used up before the first schedule.',
  fault: 'harness',
} as const

/** To hold nothing against a strategy and then say that it holds would be a lie. */
const nothingJudged = ({ name }: Strategy): UsageError =>
  new UsageError(
    `Strategy "${name}" claims no invariant, so there is nothing to judge: name one with --invariant.`,
  )

function scenarioOf(
  workload: AnyWorkload,
  name: string | undefined,
): AnyWorkload['scenarios'][number] {
  return name === undefined ? workload.scenarios[0] : byName('scenario', workload.scenarios, name)
}

/** Refuses what cannot be explored, before a server is started for it. */
export function checkOptions(options: Omit<ExploreOptions, 'lane'>): void {
  const { strategy, explorer, scenario, seed, invariants = strategy.claims } = options
  for (const name of invariants) byName('invariant', strategy.workload.invariants, name)
  if (invariants.length === 0) throw nothingJudged(strategy)
  if (seed !== undefined && explorer.kind === 'systematic') {
    throw new UsageError(
      `Explorer "${explorer.name}" draws nothing by chance: leave --seed out, or choose a sampling explorer.`,
    )
  }
  if (scenario === undefined) return
  scenarioOf(strategy.workload, scenario)
  if (explorer.kind === 'sampling') {
    throw new UsageError(
      `Explorer "${explorer.name}" generates its own data and commands: leave --scenario out, or choose a systematic explorer.`,
    )
  }
}
