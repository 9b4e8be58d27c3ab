import type { Lane } from '../databases/engine.ts'
import type { Statement } from '../databases/statement.ts'

const known = new WeakMap<Lane, WaitHabits>()

/**
 * Which statements have waited for a lock before, or stopped, on a lane. It decides only how soon the server is
 * asked about one that is not answered, never what is believed: asking costs a round trip, and on a
 * busy machine that makes everything slower still.
 */
export class WaitHabits {
  /** By the template's own parts, which are the same object each time it is used. */
  readonly #waited = new WeakSet<readonly string[]>()

  /** Those that the server had to be asked about to know that they have stopped. */
  readonly #stopped = new WeakSet<readonly string[]>()

  static of(lane: Lane): WaitHabits {
    let habits = known.get(lane)
    if (!habits) {
      habits = new WaitHabits()
      known.set(lane, habits)
    }
    return habits
  }

  mayWait({ parts }: Statement): boolean {
    return this.#waited.has(parts)
  }

  waited({ parts }: Statement): void {
    this.#waited.add(parts)
  }

  mayStop({ parts }: Statement): boolean {
    return this.#stopped.has(parts)
  }

  stopped({ parts }: Statement): void {
    this.#stopped.add(parts)
  }
}
