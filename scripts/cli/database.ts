import {
  Fault,
  obtainServer,
  type Engine,
  type IsolationLevel,
  type Lane,
  type ServerChoice,
} from '../../harness/index.ts'
import { endNow, Interruption, strayFault } from './ending.ts'
import { exitCodes } from './exit.ts'

/**
 * Obtains a server, opens a lane on it, and ends both, whatever happens to `use`. Ctrl-C and SIGTERM
 * abort the signal, so that `use` can say what it has; a second one ends the process at once. What
 * code under test throws where nobody catches it aborts the signal too, with the fault as its reason.
 */
export async function withLane<T>(
  engine: Engine,
  isolation: IsolationLevel | undefined,
  choice: ServerChoice,
  use: (lane: Lane, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController()
  const interrupt = (): void => {
    if (interruption.signal.aborted) endNow(exitCodes.interrupted)
    interruption.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  // For good: a connection that code under test has left behind breaks when the server goes.
  process.on('uncaughtException', (thrown) => interruption.abort(strayFault(thrown)))
  try {
    const server = await Promise.race([
      obtainServer(engine, choice),
      interrupted(interruption.signal),
    ])
    try {
      const lane = await engine.openLane(server, {
        isolation: isolation ?? engine.defaultIsolation,
      })
      try {
        return await use(lane, interruption.signal)
      } finally {
        // The server goes in a moment. If it is gone already, the verdict says so.
        await lane.close().catch(() => undefined)
      }
    } finally {
      await server.stop()
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** Ends a wait for the server. Should it still be started then, it goes with this process. */
function interrupted(signal: AbortSignal): Promise<never> {
  const fault = (): Error =>
    signal.reason instanceof Fault
      ? signal.reason
      : new Interruption('Interrupted while the database was being started.')
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(fault()), { once: true })
  })
}
