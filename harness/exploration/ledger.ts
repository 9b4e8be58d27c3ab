import { Coverage, type Selection } from '../coverage.ts'
import type { Fault } from '../errors.ts'
import type { FaultName } from '../faults/fault.ts'
import { settingOf } from '../footprints/setting.ts'
import type { Grain } from '../grain.ts'
import { leavesChoice } from '../oracles/database-choice.ts'
import type { Violation } from '../invariant.ts'
import { judgeable, serialEquivalenceOf } from '../oracles/judgement.ts'
import { Liveness } from '../oracles/liveness.ts'
import type { RunDifference } from '../oracles/self-check.ts'
import type { Plan } from '../plan.ts'
import type { RunRecord } from '../run.ts'
import type { Strategy } from '../strategy.ts'
import { Tally } from '../tally.ts'
import type { Explored, FaultCounts, SelfCheckCount } from '../verdict.ts'
import type { Place } from './runner.ts'

export interface GrainLedger {
  schedules: number
  exhausted: boolean
  redundant?: number
  chosenByDatabase?: number
  notRun?: string
  coverage?: Coverage
}

/** All that an exploration counts. */
export class Ledger {
  readonly #tally: Tally
  readonly #strategy: Strategy
  readonly #liveness = new Liveness()
  readonly #selfCheck: { -readonly [K in keyof SelfCheckCount]: SelfCheckCount[K] } = {
    runs: 0,
    differences: 0,
    chosenByDatabase: 0,
  }
  /** How often each kind of fault has struck. */
  readonly #struck = new Map<FaultName, number>()
  readonly #grains = new Map<Grain, GrainLedger>()

  constructor(strategy: Strategy) {
    this.#strategy = strategy
    this.#tally = new Tally(strategy)
  }

  get schedules(): number {
    return this.#tally.schedules
  }

  /** What the commands that a strategy has to do were told instead of ok, if none ever was. */
  get onlyRefusal(): string | undefined {
    return this.#tally.onlyRefusal
  }

  /** In the order in which violations are told. */
  get invariantNames(): readonly string[] {
    return judgeable(this.#strategy.workload).map(({ name }) => name)
  }

  add(
    { lane, strategy, grain }: Place,
    plan: Plan,
    record: RunRecord,
    violations: readonly Violation[],
  ): void {
    const { outcome } = serialEquivalenceOf(this.#strategy.workload, record.observation)
    this.#tally.add(record, violations, outcome === 'undecided')
    const counted = this.#grain(grain)
    counted.schedules += 1
    // What the server decides is not in the history, so nobody knows which runs are the same.
    if (grain !== 'overlap') {
      counted.coverage ??= new Coverage(settingOf(lane, strategy))
      counted.coverage.add(plan, record.history)
      if (leavesChoice(record.history)) {
        counted.chosenByDatabase = (counted.chosenByDatabase ?? 0) + 1
      }
    }
    this.#liveness.add(record, plan)
    for (const event of record.history) {
      if (event.kind === 'fault') {
        this.#struck.set(event.fault, (this.#struck.get(event.fault) ?? 0) + 1)
      }
    }
  }

  /** A run that could not be judged. */
  addFault(fault: Fault): void {
    this.#liveness.addFault(fault)
  }

  /** A run was done twice, and this is where the two went apart. */
  checked(difference: Pick<RunDifference, 'cause' | 'message'> | undefined): void {
    this.#selfCheck.runs += 1
    if (!difference) return
    if (difference.cause === 'unexplained') {
      this.#selfCheck.differences += 1
      this.#selfCheck.first ??= difference.message
    } else this.#selfCheck.chosenByDatabase += 1
  }

  /** How often each of these kinds of faults has struck. */
  faults(kinds: readonly FaultName[]): FaultCounts {
    return Object.fromEntries(kinds.map((kind) => [kind, this.#struck.get(kind) ?? 0]))
  }

  get selfCheck(): SelfCheckCount {
    return this.#selfCheck
  }

  /** So many schedules were tried only to find that they are like others. */
  redundant(grain: Grain, schedules: number): void {
    this.#grain(grain).redundant = schedules
  }

  exhausted(grain: Grain): void {
    this.#grain(grain).exhausted = true
  }

  notRun(grain: Grain, reason: string): void {
    this.#grain(grain).notRun = reason
  }

  counts(
    judged: ReadonlySet<string>,
    selection: (grain: GrainLedger) => Selection,
  ): Pick<Explored, 'schedules' | 'grains' | 'replies' | 'invariants' | 'liveness' | 'selfCheck'> {
    return {
      schedules: this.schedules,
      grains: [...this.#grains].map(([grain, { coverage, ...counted }]) => ({
        grain,
        ...counted,
        ...(coverage && { coverage: coverage.summary(selection(counted)) }),
      })),
      replies: this.#tally.replies,
      invariants: this.#tally.invariants(judged),
      liveness: this.#liveness.summary(),
      selfCheck: this.#selfCheck,
    }
  }

  #grain(grain: Grain) {
    let counted = this.#grains.get(grain)
    if (!counted) {
      counted = { schedules: 0, exhausted: false }
      this.#grains.set(grain, counted)
    }
    return counted
  }
}
