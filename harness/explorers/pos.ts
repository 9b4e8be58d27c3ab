import type { ActorId } from '../history.ts'
import type { Outlook } from '../outlook.ts'
import type { ChoicePoint } from '../scheduler/choice.ts'
import type { Step } from '../session.ts'
import { drawsArbitrary } from './draws.ts'
import type { SamplingExplorer } from './explorer.ts'
import { StatementRaces, type PendingStep, type Races } from './races.ts'

/** More priorities than most runs draw; beyond them a run goes on serially. */
const longest = 192

/**
 * Partial-order sampling: every pending step has a priority drawn by chance, and the one with the
 * highest is taken. Thereafter the pending steps that race with it draw anew; without that, a step
 * that lost one race would be likely to lose the next as well.
 *
 * Source: Yuan, Yang, Gu, "Partial Order Aware Concurrency Sampling", CAV 2018.
 *
 * What it is good at: an actor whose next step has a low priority stands still while others go far,
 * whereas a random walk would have to choose against it again and again.
 *
 * Deviations:
 * - Whether steps race is told from the text of their statements, and not from what they did. Too many
 *   races make it more like a random walk, and never wrong.
 * - Who waits for a lock has no pending step. Its next one draws anew.
 */
export function posWith(racesOf: (outlook: Outlook) => Races): SamplingExplorer {
  return {
    kind: 'sampling',
    name: 'pos',
    summary: 'Draws a priority for each step, and anew for those that race with the step taken.',
    schedule: drawsArbitrary(longest),
    chooser: (schedule, outlook) => {
      const priorities = new StepPriorities(schedule, racesOf(outlook))
      return (point) => priorities.choose(point)
    },
  }
}

/** {@link posWith} what the text of statements tells. */
export const pos = posWith(({ engine }) => new StatementRaces(engine))

class StepPriorities {
  readonly #draws: Iterator<number>
  readonly #races: Races
  /** Of the pending step of each actor, unless it has yet to be drawn. */
  readonly #priorities = new Map<ActorId, number>()

  constructor(draws: readonly number[], races: Races) {
    this.#draws = draws.values()
    this.#races = races
  }

  choose(point: ChoicePoint): number {
    const drawn = point.enabled.map((actor) => this.#priorityOf(actor))
    const chosen = drawn.indexOf(Math.max(...drawn))
    const pending = point.enabled.map((actor, index) => ({
      actor,
      step: point.requests[index] as Step,
    }))
    const taken = pending[chosen] as PendingStep
    for (const other of pending) {
      if (other === taken || this.#races.race(taken, other)) this.#priorities.delete(other.actor)
    }
    this.#races.take(taken)
    return chosen
  }

  #priorityOf(actor: ActorId): number {
    const priority = this.#priorities.get(actor) ?? this.#draws.next().value ?? 0
    this.#priorities.set(actor, priority)
    return priority
  }
}
