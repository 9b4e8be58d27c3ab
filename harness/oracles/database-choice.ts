import type { ActorId, History } from '../history.ts'
import { queueBehind } from '../scheduler/wait-graph.ts'

/**
 * Whether a step let go of somebody while several waited for its actor, directly or through others: whose
 * turn it was, the database chose, and it might choose otherwise. Who is first in a queue is not always
 * first to go on: on PostgreSQL, those who wait for a row that is being updated wait for one another, and
 * when that is over, all of them run for the row's new version.
 *
 * Source: PostgreSQL's src/backend/access/heap/README.tuplock.
 */
export function leavesChoice(history: History): boolean {
  const waits = new Map<ActorId, readonly ActorId[]>()
  let rivals: readonly ActorId[] = []
  for (const event of history) {
    if (event.kind === 'sent' || event.kind === 'fault') rivals = queueBehind(event.actor, waits)
    if (event.kind === 'blocked') waits.set(event.actor, event.by)
    if (event.kind !== 'unblocked') continue
    waits.delete(event.actor)
    if (rivals.length > 1 && rivals.includes(event.actor)) return true
  }
  return false
}
