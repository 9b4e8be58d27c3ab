import { closerTimeoutMs, waiterTimeoutMs } from './client.ts'

/**
 * A cycle must not be closed shortly before a waiter looks for deadlocks, or while it may still be
 * about to: then two sessions would look at the same cycle, and either could be the victim.
 */
const beforeLookMs = 25
const afterLookMs = 3

/** When a session, if it waits, looks for a deadlock: once, `deadlock_timeout` after it began to wait. */
export class DeadlockClock {
  /** When it was last seen waiting; before that, when its statement was sent. */
  #waitsSince = 0
  /** The deadlock_timeout in force, in milliseconds. */
  #timeoutMs = waiterTimeoutMs

  /**
   * It may begin to wait now; or the server says that it waits. A wait can begin long after its statement
   * was sent, on a busy machine or behind another wait that is over; by now it has begun.
   */
  start(): void {
    this.#waitsSince = performance.now()
  }

  /** From now on it looks at once, and so is the one that finds a deadlock. */
  hurry(): void {
    this.#timeoutMs = closerTimeoutMs
  }

  /** It looks when everybody does. */
  calm(): void {
    this.#timeoutMs = waiterTimeoutMs
  }

  /** Milliseconds until this waiter looks for a deadlock, at the latest; negative when it has looked. */
  get looksInMs(): number {
    return this.#timeoutMs - (performance.now() - this.#waitsSince)
  }
}

/** Resolves when none of them is about to look. */
export async function untilNobodyLooks(
  queue: readonly { readonly looksInMs: number }[],
): Promise<void> {
  const looks = queue
    .map(({ looksInMs }) => looksInMs)
    .filter((inMs) => -afterLookMs < inMs && inMs < beforeLookMs)
  if (looks.length === 0) return
  await new Promise((resolve) => setTimeout(resolve, Math.max(...looks) + afterLookMs))
}
