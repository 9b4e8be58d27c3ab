import { Fault, HarnessFault } from '../errors.ts'

/**
 * Waits for work, or for the first of two things that end it before: the signal, or the time limit. Work
 * that is left behind goes on unheard.
 *
 * @param signal aborted with a `Fault` as its reason, that is what is thrown
 * @throws {Fault} when the work was ended.
 */
export async function untilStopped<T>(
  work: Promise<T>,
  { signal, limitMs, tooLong }: StopOptions,
): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const interrupt = (): void => {
    const reason: unknown = signal?.reason
    reject(reason instanceof Fault ? reason : new HarnessFault('The run was interrupted.'))
  }
  const timer = setTimeout(() => reject(tooLong()), limitMs)
  signal?.addEventListener('abort', interrupt)
  if (signal?.aborted) interrupt()
  work.catch(() => {}) // nobody may be listening any more
  try {
    return await Promise.race([work, stopped])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', interrupt)
  }
}

export interface StopOptions {
  readonly signal?: AbortSignal | undefined
  readonly limitMs: number
  /** What is wrong when the time is over. */
  tooLong(): Fault
}
