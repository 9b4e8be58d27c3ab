import { DatabaseFault } from '../../errors.ts'
import type { Engine } from '../engine.ts'
import type { DatabaseServer } from '../server.ts'
import { startEmbeddedPostgres } from './embedded.ts'

/**
 * A server of the engine, started for the caller, who stops it.
 *
 * @throws {DatabaseFault} when there is no way to get one, with the reason.
 */
export async function obtainServer(engine: Engine): Promise<DatabaseServer> {
  try {
    return await startEmbeddedPostgres()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new DatabaseFault(`${engine.title} could not be started: ${reason}`)
  }
}
