import type { Failure } from '../counterexample/minimise.ts'
import { Fault, HarnessFault } from '../errors.ts'
import type { Violation } from '../invariant.ts'
import { serial, serialEquivalenceOf } from '../oracles/judgement.ts'
import type { Plan } from '../plan.ts'
import { judge, type RunRecord } from '../run.ts'
import type { Chooser } from '../scheduler/choice.ts'
import { count } from '../words.ts'
import type { Ledger } from './ledger.ts'
import { runAt, type Place } from './runner.ts'
import { stopOf, type Stop } from './stop.ts'

/** A run that broke a judged invariant, and where. */
export interface Finding extends Failure {
  readonly violation: Violation
  readonly place: Place
}

export interface HuntOptions {
  /** Names of the invariants that make the verdict. */
  readonly judged: ReadonlySet<string>
  readonly ledger: Ledger
  readonly signal?: AbortSignal | undefined
  /** How long what was found may be made smaller, in milliseconds. */
  readonly shrinkBudgetMs?: number | undefined
  /** Called after every judged run of the search, and after none of those that shrink. */
  readonly onRun?: ((record: RunRecord, violations: readonly Violation[]) => void) | undefined
  /** Called after every run that tries to make a counterexample smaller. */
  readonly onTrial?: (() => void) | undefined
}

/** What is looked for, and what has come of it so far. All searches of an exploration share it. */
export class Hunt {
  readonly ledger: Ledger
  readonly #options: HuntOptions
  #finding: Finding | undefined
  /** When making it smaller ends. */
  #shrinkDeadline = Infinity
  #stop: Stop | undefined

  constructor(options: HuntOptions) {
    this.ledger = options.ledger
    this.#options = options
  }

  get finding(): Finding | undefined {
    return this.#finding
  }

  get stop(): Stop | undefined {
    return this.#stop
  }

  /** The first reason to stop is the one that counts. */
  end(stop: Stop): void {
    this.#stop ??= stop
  }

  shouldStop(): boolean {
    const { signal } = this.#options
    if (signal?.aborted && !this.#finding) this.end(this.#interruption(signal.reason))
    return this.#stop !== undefined || signal?.aborted === true
  }

  /** Runs a plan for the search, and keeps what breaks what is looked for: then it did not survive. */
  async search(
    place: Place,
    plan: Plan,
    choose: Chooser,
  ): Promise<RunRecord | 'broken' | 'stopped'> {
    try {
      const record = await runAt(place, plan, choose)
      const violations = judge(place.strategy, record)
      this.ledger.add(place, plan, record, violations)
      this.#options.onRun?.(record, violations)
      const violation = this.relevant(violations)
      if (violation) {
        this.#finding = { plan, record, violation, place }
        this.#shrinkDeadline = performance.now() + (this.#options.shrinkBudgetMs ?? Infinity)
        return 'broken'
      }
      this.#mustBeDecided(place, record)
      return record
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.ledger.addFault(error)
      if (this.#hasStrayedSince(error)) this.end(stopOf(error))
      if (!this.shouldStop()) this.end(stopOf(error))
      return 'stopped'
    }
  }

  /** What code under test throws because its run was stopped says less than why that was. */
  #hasStrayedSince(fault: Fault): boolean {
    const { signal } = this.#options
    return signal?.reason instanceof Fault && signal.reason !== fault && !this.#finding
  }

  /**
   * Runs a smaller plan where something was found. One that cannot be judged is no counterexample,
   * and takes nothing from the one that was found.
   */
  async shrink(place: Place, plan: Plan, choose: Chooser): Promise<RunRecord | undefined> {
    if (this.shouldStop() || performance.now() > this.#shrinkDeadline) return undefined
    try {
      const record = await runAt(place, plan, choose)
      const violation = this.relevant(judge(place.strategy, record))
      this.#options.onTrial?.()
      if (!violation) return undefined
      this.#finding = { plan, record, violation, place }
      return record
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return undefined
    }
  }

  relevant(violations: readonly Violation[]): Violation | undefined {
    return violations.find(({ invariant }) => this.#looksFor(invariant))
  }

  /** What could not be judged has not held. */
  #mustBeDecided({ strategy }: Place, { observation }: RunRecord): void {
    if (!this.#options.judged.has(serial.name)) return
    const equivalence = serialEquivalenceOf(strategy.workload, observation)
    if (equivalence.outcome === 'undecided') {
      throw new HarnessFault(`${serial.name} cannot be judged. ${equivalence.reason}`)
    }
  }

  /**
   * Once something is found, only what breaks the same invariant is the same thing, but smaller; or
   * what breaks one that comes before it, as the workload names the most telling first.
   */
  #looksFor(invariant: string): boolean {
    if (!this.#options.judged.has(invariant)) return false
    if (!this.#finding) return true
    const order = this.ledger.invariantNames
    return order.indexOf(invariant) <= order.indexOf(this.#finding.violation.invariant)
  }

  /** Whoever interrupts may have found a fault. Otherwise it was somebody who had seen enough. */
  #interruption(reason: unknown): Stop {
    if (reason instanceof Fault) return stopOf(reason)
    return {
      reason: `Interrupted after ${count(this.ledger.schedules, 'schedule')}.`,
      fault: 'interrupted',
    }
  }
}
