import type { EngineName } from '../../engine-name.ts'
import { inTurn } from './in-turn.ts'
import { untilRecovered } from './recovery.ts'

/** A server that its provider can kill and have back. */
export interface Crashable {
  readonly engine: EngineName
  /** As its makers write it. */
  readonly title: string
  /** Kills it, starts it again, and resolves to its URL once it takes connections. */
  comeBack(): Promise<string>
  /** Whether it has been told to stop. */
  isStopped(): boolean
  /** Ends it, and removes all it left. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * What a server's `crash` does. Where it is called again before it is through, the server is killed
 * again after that.
 *
 * @throws {Error} when the server does not come back. Nothing is left of it then.
 */
export const crashOf = (server: Crashable): (() => Promise<void>) => inTurn(() => crash(server))

async function crash(server: Crashable): Promise<void> {
  const { engine, title } = server
  if (server.isStopped()) throw new Error(`${title} cannot be killed: it has been stopped.`)
  try {
    await untilRecovered(engine, await server.comeBack())
  } catch (error) {
    const reason = server.isStopped() ? 'it was told to stop.' : (error as Error).message
    await server.stop()
    throw new Error(`${title} was killed and did not come back: ${reason}`, { cause: error })
  }
}
