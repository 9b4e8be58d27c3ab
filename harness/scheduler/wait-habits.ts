import type { Lane } from '../databases/engine.ts'

const known = new WeakMap<Lane, WaitHabits>()

/** The shortest time after which the server is asked about a statement that is not answered. */
const shortestGraceMs = 1
/** The longest: a machine that is that slow gains nothing by being asked more often. */
const longestGraceMs = 20
/** How many times as long as usual a statement may take before it looks as if it waited. */
const patience = 4
/** Weight of the newest statement in what is usual. */
const newest = 0.05

/**
 * How statements have behaved on a lane: which have waited for a lock before, and how long the others
 * take. It decides only how soon the server is asked about one that is not answered, never what is
 * believed. Asking costs a round trip, and on a busy machine that makes everything slower still.
 */
export class WaitHabits {
  readonly #waited = new Set<string>()
  #usualMs = shortestGraceMs / patience

  static of(lane: Lane): WaitHabits {
    let habits = known.get(lane)
    if (!habits) {
      habits = new WaitHabits()
      known.set(lane, habits)
    }
    return habits
  }

  /** A statement was answered, without a wait, after this time. */
  answered(ms: number): void {
    this.#usualMs += (ms - this.#usualMs) * newest
  }

  /** How long to wait for an answer before the server is asked, in milliseconds. */
  get graceMs(): number {
    const ms = Math.ceil(this.#usualMs * patience)
    return Math.min(longestGraceMs, Math.max(shortestGraceMs, ms))
  }

  mayWait(text: string): boolean {
    return this.#waited.has(text)
  }

  waited(text: string): void {
    this.#waited.add(text)
  }
}
