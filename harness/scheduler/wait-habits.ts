import type { Lane } from '../databases/engine.ts'

const known = new WeakMap<Lane, WaitHabits>()

/**
 * Which statements have waited for a lock before, on a lane. It decides only how soon the server is
 * asked about one that has not been answered, never what is believed: asking costs a round trip,
 * and waiting to ask costs a millisecond.
 */
export class WaitHabits {
  readonly #waited = new Set<string>()

  static of(lane: Lane): WaitHabits {
    let habits = known.get(lane)
    if (!habits) {
      habits = new WaitHabits()
      known.set(lane, habits)
    }
    return habits
  }

  mayWait(text: string): boolean {
    return this.#waited.has(text)
  }

  waited(text: string): void {
    this.#waited.add(text)
  }
}
