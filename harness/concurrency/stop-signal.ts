import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, HarnessFault } from '../errors.ts'

/** @throws {Fault} when the signal has been given: its reason, if that is one. */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw faultOf(signal)
}

/** Why whatever heeds the signal is stopped. */
export function faultOf({ reason }: AbortSignal): Fault {
  return reason instanceof Fault ? reason : new HarnessFault('The run was interrupted.')
}

/**
 * Waits for work that a signal may end before. What is left behind goes on unheard.
 *
 * @throws {Fault} when it was ended: the signal's reason, if that is one.
 */
export async function unlessStopped<T>(
  signal: AbortSignal | undefined,
  work: Promise<T>,
): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const interrupt = (): void => {
    if (signal) reject(faultOf(signal))
  }
  signal?.addEventListener('abort', interrupt)
  if (signal?.aborted) interrupt()
  work.catch(() => {}) // nobody may be listening any more
  try {
    return await Promise.race([work, stopped])
  } finally {
    signal?.removeEventListener('abort', interrupt)
  }
}

/** Waits for work, but no longer than so many milliseconds: whether it has ended. */
export async function endsWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController()
  const { signal } = over
  const tooLong = sleep(limitMs, false, { signal }).catch(() => false)
  try {
    return await Promise.race([work.then(() => true), tooLong])
  } finally {
    over.abort()
  }
}
