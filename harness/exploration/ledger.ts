import type { Fault } from '../errors.ts'
import type { Grain } from '../grain.ts'
import type { Violation } from '../invariant.ts'
import { judgeable } from '../oracles/judgement.ts'
import type { Plan } from '../plan.ts'
import type { RunRecord } from '../run.ts'
import type { Strategy } from '../strategy.ts'
import { Tally } from '../tally.ts'
import type { Explored, GrainCount } from '../verdict.ts'
import type { Place } from './runner.ts'

/** All that an exploration counts. */
export class Ledger {
  readonly #tally: Tally
  readonly #strategy: Strategy
  readonly #grains = new Map<Grain, { schedules: number; exhausted: boolean; notRun?: string }>()

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

  schedulesOf(grain: Grain): number {
    return this.#grains.get(grain)?.schedules ?? 0
  }

  add({ grain }: Place, _plan: Plan, record: RunRecord, violations: readonly Violation[]): void {
    this.#tally.add(record, violations)
    this.#grain(grain).schedules += 1
  }

  addFault(_fault: Fault): void {}

  exhausted(grain: Grain): void {
    this.#grain(grain).exhausted = true
  }

  notRun(grain: Grain, reason: string): void {
    this.#grain(grain).notRun = reason
  }

  counts(
    judged: ReadonlySet<string>,
  ): Pick<Explored, 'schedules' | 'grains' | 'replies' | 'invariants'> {
    const grains: GrainCount[] = [...this.#grains].map(([grain, counted]) => ({
      grain,
      ...counted,
    }))
    return {
      schedules: this.schedules,
      grains,
      replies: this.#tally.replies,
      invariants: this.#tally.invariants(judged),
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
