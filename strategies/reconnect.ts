import { isDatabaseError, type Session } from '../harness/index.ts'

/**
 * Makes another attempt when the connection was lost in one: the session connects again by itself.
 * Nobody knows then whether the attempt before had been committed.
 */
export async function withReconnect<T>(session: Session, attempt: () => Promise<T>): Promise<T> {
  for (let left = session.attempts - 1; ; left--) {
    try {
      return await attempt()
    } catch (error) {
      if (!isDatabaseError(error, 'connection lost') || left <= 0) throw error
    }
  }
}
