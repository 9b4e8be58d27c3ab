import { setTimeout as sleep } from 'node:timers/promises'
import type { SpecWait } from '../databases/engines/postgres/spec-connections.ts'
import type { Spec, SpecStep } from './spec.ts'

/** After so long without an answer the tool asks the server whether a statement waits. */
const toolPatienceMs = 10
/** Pauses between questions while somebody is still at work. */
const pauseMs = 1

/**
 * When to ask whether a step waits, and when to believe that it will go on waiting.
 *
 * A step is asked about at once if it has waited before, and otherwise after the tool's own 10 ms.
 * Where a specification sets a time limit of the server's, a step may end its wait by itself, and so
 * may one in a circle; then what is true after 10 ms counts, as it does for the tool.
 */
export class Habits {
  readonly #waiters = new Set<SpecStep>()
  readonly #isTimed: boolean

  constructor(spec: Spec) {
    this.#isTimed = textsOf(spec).some((text) => /_timeout/i.test(text))
  }

  /** Milliseconds to wait for an answer before the first question. */
  patienceFor(step: SpecStep): number {
    return !this.#isTimed && this.#waiters.has(step) ? 0 : toolPatienceMs
  }

  readonly patienceBetween = pauseMs

  hasWaited(step: SpecStep): void {
    this.#waiters.add(step)
  }

  /** Whether what the busy sessions are at will not change by itself. */
  isLasting(busy: readonly SpecWait[], elapsedMs: number): boolean {
    if (elapsedMs >= toolPatienceMs) return true
    if (this.#isTimed) return false
    return busy.every(({ isBlocked }) => isBlocked) && !hasCircle(busy)
  }

  /** Waits for an answer, but not longer than that. */
  async wait(answer: Promise<void>, ms: number): Promise<void> {
    if (ms === 0) return
    const alarm = new AbortController()
    const timer = sleep(ms, undefined, { signal: alarm.signal }).catch(() => undefined)
    await Promise.race([answer, timer])
    alarm.abort()
  }

  pause(): Promise<void> {
    return sleep(pauseMs)
  }
}

const textsOf = ({ setups, teardown, sessions }: Spec): string[] =>
  [
    ...setups,
    teardown,
    ...sessions.flatMap(({ setup, steps, teardown: last }) => [
      setup,
      ...steps.map(({ sql }) => sql),
      last,
    ]),
  ].filter((text) => text !== undefined)

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
