import type { EngineName } from '../databases/engine-name.ts'
import { footprintOfStep } from '../footprints/footprint-of.ts'
import { mayMeet, type Access, type Footprint } from '../footprints/footprint.ts'
import type { ActorId } from '../history.ts'
import type { Step } from '../session.ts'

/** What an actor is about to do. */
export interface PendingStep {
  readonly actor: ActorId
  readonly step: Step
}

/** Knows which steps race: whether it may matter which of two comes first. One for each run. */
export interface Races {
  /** @param taken the step that is taken now. @param pending another actor's next one. */
  race(taken: PendingStep, pending: PendingStep): boolean
  /** Told of every step that is taken, after it has been asked about it. */
  take(taken: PendingStep): void
}

/** What a step touches, or several. */
type Touched = readonly Access[] | 'anything'

/**
 * Tells from the text of statements which of them race: those that touch the same rows, or may do, and
 * do not both only read them. A COMMIT or ROLLBACK touches whatever its actor has touched since the
 * last one.
 *
 * It is for drawing priorities only. What cannot be seen in a text, such as a trigger, makes it miss
 * a race, and then a schedule less likely, but none impossible.
 */
export class StatementRaces implements Races {
  readonly #engine: EngineName
  readonly #footprints = new WeakMap<Step, Footprint>()
  /** Of each actor, since its last COMMIT or ROLLBACK. */
  readonly #sinceEnd = new Map<ActorId, Touched>()

  constructor(engine: EngineName) {
    this.#engine = engine
  }

  race(taken: PendingStep, pending: PendingStep): boolean {
    return collide(this.#touchedBy(taken), this.#touchedBy(pending))
  }

  take({ actor, step }: PendingStep): void {
    const { kind } = this.#footprintOf(step)
    if (kind === 'commit' || kind === 'rollback') this.#sinceEnd.delete(actor)
    else this.#sinceEnd.set(actor, both(this.#soFar(actor), this.#touchedBy({ actor, step })))
  }

  #soFar(actor: ActorId): Touched {
    return this.#sinceEnd.get(actor) ?? []
  }

  #touchedBy({ actor, step }: PendingStep): Touched {
    const footprint = this.#footprintOf(step)
    switch (footprint.kind) {
      case 'local':
        return []
      case 'accesses':
        return footprint.accesses
      case 'commit':
      case 'rollback':
        return this.#soFar(actor)
      case 'everything':
        return 'anything'
    }
  }

  #footprintOf(step: Step): Footprint {
    const known = this.#footprints.get(step)
    if (known) return known
    const footprint = footprintOfStep(step, this.#engine)
    this.#footprints.set(step, footprint)
    return footprint
  }
}

const both = (one: Touched, other: Touched): Touched =>
  one === 'anything' || other === 'anything' ? 'anything' : [...one, ...other]

function collide(one: Touched, other: Touched): boolean {
  if (one.length === 0 || other.length === 0) return false
  if (one === 'anything' || other === 'anything') return true
  return one.some((a) =>
    other.some((b) => (a.mode !== 'read' || b.mode !== 'read') && mayMeet(a, b)),
  )
}
