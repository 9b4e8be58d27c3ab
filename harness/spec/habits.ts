import { setTimeout as sleep } from 'node:timers/promises'
import type { SpecWait } from '../databases/engines/postgres/spec-connections.ts'
import { textsOf, type Spec, type SpecStep } from './spec.ts'

/** After so long without an answer the tool asks the server whether a statement waits. */
const toolPatienceMs = 10
/** How long an answer takes that does not wait, with a margin. */
const ownPatienceMs = 2
/** First pause between questions while somebody is still at work. */
const pauseMs = 1

/**
 * When to ask whether a step waits, and when to believe that it will go on waiting.
 *
 * A step is asked about at once if it has waited before in the same place, and otherwise after 2 ms.
 * Where a specification sets a time limit of the server's, a step may end its wait by itself, and so
 * may one in a circle; then what is true after the tool's own 10 ms counts, as it does for the tool.
 */
export class Habits {
  readonly #places = new Set<string>()
  readonly #isTimed: boolean
  readonly #isConfined: boolean

  /** @param confined whether only rows of its own tables are spoken of: see `isConfined` */
  constructor(spec: Spec, confined: boolean) {
    this.#isTimed = textsOf(spec).some((text) => /_timeout/i.test(text))
    this.#isConfined = confined
  }

  /**
   * Milliseconds to wait for an answer before the first question.
   *
   * @param place names the step, and how far the other sessions have come
   */
  patienceFor(place: string): number {
    if (this.#isTimed) return toolPatienceMs
    return this.#places.has(place) ? 0 : ownPatienceMs
  }

  /** The same for a waiter that may have been released. */
  get patienceForWaiter(): number {
    return this.#isTimed ? toolPatienceMs : ownPatienceMs
  }

  /** Whether steps of one session may be sent together when nothing happens in between. */
  get mayHurry(): boolean {
    return this.#isConfined
  }

  /** Milliseconds until the next question, after a pause that came to nothing. */
  patienceAfter(pause: number): number {
    return Math.min(Math.max(2 * pause, pauseMs), toolPatienceMs)
  }

  hasWaited(place: string): void {
    this.#places.add(place)
  }

  /** Whether what the busy sessions are at will not change by itself. */
  isLasting(busy: readonly SpecWait[], elapsedMs: number): boolean {
    return elapsedMs >= toolPatienceMs || this.isStanding(busy)
  }

  /**
   * Whether all of them wait until somebody takes another step: nobody in a circle, which the server
   * breaks, and nobody for a time.
   */
  isStanding(busy: readonly SpecWait[]): boolean {
    return !this.#isTimed && busy.every(({ isBlocked }) => isBlocked) && !hasCircle(busy)
  }

  /**
   * Whether a step that has completed may have released somebody: locks on rows and tables are held to
   * the transaction's end.
   *
   * @param stays whether its session was in a transaction before and still is
   */
  mayRelease({ sql }: SpecStep, stays: boolean): boolean {
    return !this.#isConfined || !stays || endsSomething.test(sql)
  }

  pause(): Promise<void> {
    return sleep(pauseMs)
  }
}

const endsSomething = /\b(commit|end|rollback|abort|release|begin|start)\b/i

/** Whether somebody waits for somebody, and so on, who waits for the first. */
function hasCircle(waits: readonly SpecWait[]): boolean {
  const blockersOf = new Map(waits.map(({ pid, blockers }) => [pid, blockers]))
  const reaches = (from: number, to: number, seen: Set<number>): boolean =>
    (blockersOf.get(from) ?? []).some((next) => {
      if (next === to) return true
      if (seen.has(next)) return false
      seen.add(next)
      return reaches(next, to, seen)
    })
  return waits.some(({ pid }) => reaches(pid, pid, new Set()))
}
