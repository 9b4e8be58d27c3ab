import type { ActorId } from '../history.ts'
import type { FaultType, Moment, PlannedFault, Target } from './fault.ts'
import { faultType } from './index.ts'

export type FaultAt<At extends Moment> = Extract<FaultType, { readonly moment: At }>

/** A fault of the plan whose turn it is. */
export interface DueFault<Type extends FaultType = FaultType> {
  readonly planned: PlannedFault
  readonly type: Type
}

/** The faults of a plan that have not struck yet, while it runs. */
export class PendingFaults {
  readonly #left: Set<PlannedFault>
  /** The steps that each actor has taken. */
  readonly #taken = new Map<ActorId, number>()

  constructor(faults: readonly PlannedFault[]) {
    this.#left = new Set(faults)
  }

  /** Whether there is nothing left to strike. */
  get isEmpty(): boolean {
    return this.#left.size === 0
  }

  /** The actor's step is about to be sent. The rest of a statement is a part of it. */
  took(actor: ActorId, { step }: Pick<Target, 'step'>): void {
    if (step.kind !== 'phase') this.#taken.set(actor, (this.#taken.get(actor) ?? 0) + 1)
  }

  /**
   * Those that strike at this moment, the first of the plan first.
   *
   * @param taken whether the actor's step has been sent already
   */
  due<At extends Moment>(
    actor: ActorId,
    moment: At,
    target: Target,
    taken = false,
  ): DueFault<FaultAt<At>>[] {
    const number = (this.#taken.get(actor) ?? 0) - (taken ? 1 : 0)
    return [...this.#left].flatMap((planned) => {
      const type = faultType(planned.kind)
      if (planned.actor !== actor || planned.step > number || type.moment !== moment) return []
      return type.canStrike(target) ? [{ planned, type: type as FaultAt<At> }] : []
    })
  }

  struck({ planned }: DueFault): void {
    this.#left.delete(planned)
  }
}
