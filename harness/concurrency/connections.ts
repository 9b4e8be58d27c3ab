import { setTimeout as sleep } from 'node:timers/promises'
import type { ActorSession, Lane, Rows } from '../databases/engine.ts'
import { ApplicationHost } from '../application/host.ts'
import { DatabaseFault } from '../errors.ts'
import { prepareLane } from '../run.ts'
import type { Strategy } from '../strategy.ts'
import { throwIfStopped } from './stop-signal.ts'
import { count } from '../words.ts'

/** Connections that were closed a moment ago may still be counted. */
const patienceMs = 1_000
const askAgainMs = 50

/** Connections that are opened before somebody who does not want to wait is heard. */
const atOnce = 40

/** What a lane is made ready for. */
export interface Readiness {
  readonly lane: Lane
  readonly strategy: Strategy
  readonly clients: number
  readonly initial: Rows
  /** Whether the clients of an application need connections of their own as well: for other commands. */
  readonly coreOnly?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes the strategy's tables anew, opens connections for its clients, and fills the tables. Somebody who
 * gives the signal is heard between these steps, so that none of them goes on afterwards.
 *
 * @throws {DatabaseFault} when the server does not take so many connections, before any of them is opened.
 * @throws {Fault} when the signal was given.
 */
export async function openForLoad({
  lane,
  strategy,
  clients,
  initial,
  coreOnly = false,
  signal,
}: Readiness): Promise<readonly ActorSession[]> {
  throwIfStopped(signal)
  await prepareLane(lane, strategy)
  const wanted = strategy.application && coreOnly ? 0 : clients * strategy.connections
  await untilFree(lane, wanted + (strategy.application ? clients : 0), signal)
  for (let opened = 0; opened < wanted; opened += atOnce) {
    throwIfStopped(signal)
    await lane.sessions(Math.min(opened + atOnce, wanted))
  }
  throwIfStopped(signal)
  const host = ApplicationHost.of(lane)
  await host?.start(clients, signal)
  host?.desk.open()
  await lane.reset(initial)
  await lane.readyForLoad()
  throwIfStopped(signal)
  return lane.sessions(wanted)
}

/** How many connections the clients have had: their own, and those of the application that does it for them. */
export const countConnections = (lane: Lane, sessions: readonly ActorSession[]): number =>
  sessions.length + (ApplicationHost.of(lane)?.connections ?? 0)

async function untilFree(
  lane: Lane,
  wanted: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    throwIfStopped(signal)
    const free = await lane.freeConnections()
    if (free >= wanted) return
    if (performance.now() > deadline) throw tooFew(lane, wanted, Math.max(free, 0))
    await sleep(askAgainMs)
  }
}

const tooFew = ({ engine }: Lane, wanted: number, free: number): DatabaseFault =>
  new DatabaseFault(
    `${count(wanted, 'connection')} are needed, and ${engine.title} takes only ${free} more: run with fewer clients, or raise max_connections of the server.`,
  )
