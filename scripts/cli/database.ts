import {
  Fault,
  obtainServer,
  strayFault,
  type DatabaseServer,
  type Engine,
  type IsolationSetting,
  type Lane,
  type ServerChoice,
} from '../../harness/index.ts'
import { endNow, Interruption } from './ending.ts'
import { exitCodes } from './exit.ts'

/** A setting with what was not asked for left open. */
export type WantedIsolation = Partial<IsolationSetting>

/**
 * Runs something that Ctrl-C and SIGTERM interrupt by aborting the signal, so that it can say what it
 * has; a second one ends the process at once. What code under test throws where nobody catches it
 * aborts the signal too, with the fault as its reason.
 */
export async function interruptible<T>(use: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController()
  const interrupt = (): void => {
    if (interruption.signal.aborted) endNow(exitCodes.interrupted)
    interruption.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  // For good: a connection that code under test has left behind breaks when the server goes.
  process.on('uncaughtException', (thrown) => {
    const fault = strayFault(thrown)
    if (fault) interruption.abort(fault)
  })
  try {
    return await use(interruption.signal)
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** Obtains a server, and ends it whatever happens to `use`. */
export async function withServer<T>(
  engine: Engine,
  choice: ServerChoice,
  signal: AbortSignal,
  use: (server: DatabaseServer) => Promise<T>,
): Promise<T> {
  const server = await Promise.race([obtainServer(engine, choice), interrupted(signal)])
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}

/** Opens a lane on a server, and closes it whatever happens to `use`. */
export async function withLane<T>(
  engine: Engine,
  server: DatabaseServer,
  { isolation = engine.defaultIsolation, snapshotIsolation }: WantedIsolation,
  use: (lane: Lane) => Promise<T>,
): Promise<T> {
  const lane = await engine.openLane(server, { isolation, snapshotIsolation })
  try {
    return await use(lane)
  } finally {
    // The server goes in a moment. If it is gone already, the verdict says so.
    await lane.close().catch(() => undefined)
  }
}

/** Ends a wait for the server. Should it still be started then, it goes with this process. */
function interrupted(signal: AbortSignal): Promise<never> {
  const fault = (): Error =>
    signal.reason instanceof Fault
      ? signal.reason
      : new Interruption('Interrupted while the database was being started.')
  return new Promise((_, reject) => {
    if (signal.aborted) reject(fault())
    signal.addEventListener('abort', () => reject(fault()), { once: true })
  })
}
