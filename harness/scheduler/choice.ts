import type { ActorId, History } from '../history.ts'
import type { Step } from '../session.ts'

/** A scheduling point: who could go on, and with what. */
export interface ChoicePoint {
  /** The number the chosen step will have. */
  readonly step: number
  /**
   * The actors whose next step is known and not sent, the one that ran last first, the others after
   * it in turn. So choice 0 always means the least change: the actor that just ran goes on.
   */
  readonly enabled: readonly ActorId[]
  /** What each of them would do, in the same order. */
  readonly requests: readonly Step[]
}

/**
 * Picks an index into `enabled`.
 *
 * @param history all that has happened up to this point, for a chooser that learns from it. In a run
 *   it is always given.
 */
export type Chooser = (point: ChoicePoint, history?: () => History) => number

/** A scheduling point and what was chosen there. */
export interface Choice {
  readonly point: ChoicePoint
  readonly chosen: number
}

/** The enabled actors in the order that gives a choice its meaning. */
export function inTurn(enabled: readonly ActorId[], last: ActorId, actors: number): ActorId[] {
  const order: ActorId[] = []
  for (let distance = 0; distance < actors; distance++) {
    const actor = (last + distance) % actors
    if (enabled.includes(actor)) order.push(actor)
  }
  return order
}

/** The choices a plan's schedule stands for. */
export function planned(schedule: readonly number[]): Chooser {
  return ({ step, enabled }) => (schedule[step - 1] ?? 0) % enabled.length
}
