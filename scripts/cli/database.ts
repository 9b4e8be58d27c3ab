import { obtainServer, type Engine, type IsolationLevel, type Lane } from '../../harness/index.ts'

/**
 * Starts a server, opens a lane on it, and ends both, whatever happens to `use`. Ctrl-C and SIGTERM
 * abort the signal, so that `use` can say what it has; a second one ends the process at once, and
 * the server's keeper cleans up.
 */
export async function withLane<T>(
  engine: Engine,
  isolation: IsolationLevel | undefined,
  use: (lane: Lane, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController()
  const interrupt = (): void => {
    if (interruption.signal.aborted) process.exit(130)
    interruption.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    const server = await obtainServer(engine)
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
