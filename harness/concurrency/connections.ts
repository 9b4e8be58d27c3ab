import { setTimeout as sleep } from 'node:timers/promises'
import type { ActorSession, Lane } from '../databases/engine.ts'
import { DatabaseFault } from '../errors.ts'
import { count } from '../words.ts'

/** Connections that were closed a moment ago may still be counted. */
const patienceMs = 2_000
const askAgainMs = 50

/**
 * Opens connections for clients, if the server takes so many.
 *
 * @throws {DatabaseFault} when it does not, before any of them is opened.
 */
export async function openConnections(
  lane: Lane,
  wanted: number,
): Promise<readonly ActorSession[]> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const free = await lane.freeConnections()
    if (free >= wanted) return lane.sessions(wanted)
    if (performance.now() > deadline) throw tooFew(lane, wanted, Math.max(free, 0))
    await sleep(askAgainMs)
  }
}

const tooFew = ({ engine }: Lane, wanted: number, free: number): DatabaseFault =>
  new DatabaseFault(
    `${count(wanted, 'connection')} are needed, and ${engine.title} takes only ${free} more: run with fewer clients, or raise max_connections of the server.`,
  )
