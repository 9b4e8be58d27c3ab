import type { WaitEdge } from '../base-lane.ts'
import type { SessionNumbers } from './client.ts'

/**
 * A thread waits for another one, or for something that is none. Numbers are those of the
 * performance schema.
 */
export interface ThreadWait {
  readonly waiter: number
  readonly blocker: number | null
}

/** The same with the sessions' own numbers. Threads that are no session keep theirs, as words. */
export function toSessions(
  waits: readonly ThreadWait[],
  sessions: readonly SessionNumbers[],
): WaitEdge[] {
  const ids = new Map(sessions.map(({ id, threadId }) => [threadId, id]))
  return waits.flatMap(({ waiter, blocker }) => {
    const id = ids.get(waiter)
    if (id === undefined) return []
    if (blocker === null) return [{ waiter: id, blocker: 'a transaction of the server' }]
    return [{ waiter: id, blocker: ids.get(blocker) ?? `thread ${blocker}` }]
  })
}
