import { isDatabaseError, type ErrorClass, type Session } from '../harness/index.ts'

/** Refusals after which the same transaction may well succeed. */
const retryable: readonly ErrorClass[] = ['serialization failure', 'deadlock']

/** Makes another attempt when the database refused one for another transaction's sake. */
export async function withRetry<T>(session: Session, attempt: () => Promise<T>): Promise<T> {
  for (let left = session.attempts - 1; ; left--) {
    try {
      return await attempt()
    } catch (error) {
      const isRetryable = retryable.some((each) => isDatabaseError(error, each))
      if (!isRetryable || left <= 0) throw error
    }
  }
}
