import { scheduleOf, type Failure } from '../counterexample/minimise.ts'
import { traceOf } from '../counterexample/trace.ts'
import { ReplayDivergence } from '../errors.ts'
import { firstQueue } from '../history.ts'
import { repeatAt, type Place } from './runner.ts'
import type { Stop } from './stop.ts'

/** How often a run is repeated before it counts as one that goes another way. */
const mostRepeats = 10

/**
 * The first run again, after all the others. If it goes another way now, something has outlasted
 * the runs, and all but the first have perhaps not been what they should have been.
 */
export class Repetition {
  readonly #place: Place
  #first: Failure | undefined
  /** The first run in which never more than one actor waited. */
  #firstPlain: Failure | undefined

  constructor(place: Place) {
    this.#place = place
  }

  note(run: Failure): void {
    this.#first ??= run
    if (!this.#firstPlain && firstQueue(run.record.history) === Infinity) this.#firstPlain = run
  }

  /** Why the search says nothing, if so. */
  async check(): Promise<Stop | undefined> {
    if (!this.#first || this.#place.grain === 'overlap') return undefined
    const divergence = await this.#divergenceOf(this.#first)
    if (!divergence) return undefined
    // From where several wait on, the database may have chosen otherwise. A run without that tells.
    const isChance = divergence.step > firstQueue(this.#first.record.history)
    if (isChance && !this.#firstPlain) return { reason: neverPlain, fault: 'harness' }
    if (isChance && this.#firstPlain && !(await this.#divergenceOf(this.#firstPlain))) {
      return undefined
    }
    return {
      reason: `Something outlasts the runs of strategy "${this.#place.strategy.name}", such as state it keeps in the process: the first one was repeated after all others and went another way. ${divergence.message}`,
      fault: 'strategy',
    }
  }

  /** Where a run goes another way each time it is repeated; undefined when it once does not. */
  async #divergenceOf({ plan, record }: Failure): Promise<ReplayDivergence | undefined> {
    const recording = {
      plan: { ...plan, schedule: scheduleOf(record) },
      trace: traceOf(record.choices),
    }
    let first: ReplayDivergence | undefined
    for (let attempt = 0; attempt < mostRepeats; attempt++) {
      try {
        await repeatAt(this.#place, recording)
        return undefined
      } catch (error) {
        if (!(error instanceof ReplayDivergence)) throw error
        first ??= error
      }
    }
    return first
  }
}

const neverPlain =
  'The first run was repeated after all others and went another way. The database may have chosen otherwise, as several actors had waited; but in every other run several waited as well, so nothing tells whether something outlasts the runs instead. Run more schedules.'
