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
  /**
   * In grain `overlap`, those of them whose statements may be sent together: two by two, and then all,
   * if there are more than two. Absent where none may.
   */
  readonly overlaps?: readonly (readonly ActorId[])[]
}

/**
 * Picks an index into `enabled`; or, from the number of those on, one into `overlaps`. A chooser that
 * knows nothing of overlaps never sends two statements together.
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

/** Who goes on when an index is chosen: one actor, or several together. */
export function chosenActors(point: ChoicePoint, chosen: number): readonly ActorId[] | undefined {
  const { enabled, overlaps = [] } = point
  const alone = enabled[chosen]
  return alone === undefined ? overlaps[chosen - enabled.length] : [alone]
}

/** Of actors who are about to send statements, those that may be sent together. */
export function overlapsOf(actors: readonly ActorId[]): (readonly ActorId[])[] {
  const pairs = actors.flatMap((one, index) =>
    actors.slice(index + 1).map((other) => [one, other] as const),
  )
  return actors.length > 2 ? [...pairs, actors] : pairs
}

/**
 * The choices a plan's schedule stands for. It answers whatever is enabled, so it follows a run that
 * does not go the same way each time as far as that is possible.
 */
export function planned(schedule: readonly number[]): Chooser {
  return ({ step, enabled, overlaps = [] }) =>
    (schedule[step - 1] ?? 0) % (enabled.length + overlaps.length)
}
