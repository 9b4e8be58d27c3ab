import { DatabaseFault } from '../../../errors.ts'
import type { DatabaseServer } from '../../server.ts'
import { controlTimeoutMs } from '../base-lane.ts'
import { connect, withDatabase } from './client.ts'

/** @throws {DatabaseFault} with the statement, where the server refuses one. */
export async function onServer(
  server: DatabaseServer,
  statements: readonly string[],
): Promise<void> {
  const admin = await connect(server.url, {}, controlTimeoutMs)
  let last = ''
  try {
    for (const statement of statements) await admin.query((last = statement))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new DatabaseFault(`PostgreSQL refused "${last}": ${reason}.`)
  } finally {
    await admin.end().catch(() => undefined)
  }
}

/** An empty one, whatever this server's template holds. */
export async function createDatabase(server: DatabaseServer, name: string): Promise<void> {
  await onServer(server, [`CREATE DATABASE ${name} TEMPLATE template0`])
}

/** How often transactions are rolled back that keep a database: others may have been prepared by then. */
const mostRollbacks = 3

/**
 * Drops it, if it is there, with all that is at work in it: nothing is waited for. Transactions that
 * were prepared in it outlive their sessions, and are rolled back.
 *
 * Source: PostgreSQL manual, DROP DATABASE, which refuses where there are such.
 *
 * @throws {DatabaseFault} when the server refuses.
 */
export async function dropDatabase(server: DatabaseServer, name: string): Promise<void> {
  for (let rollbacks = 0; ; rollbacks++) {
    try {
      return await onServer(server, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`])
    } catch (error) {
      const isOver = rollbacks === mostRollbacks || !(await rollBackPrepared(server, name))
      if (isOver) throw error
    }
  }
}

/** Whether there were transactions that are prepared in the database, which is where they can be ended. */
async function rollBackPrepared(server: DatabaseServer, name: string): Promise<boolean> {
  try {
    const inside = await connect(withDatabase(server.url, name), {}, controlTimeoutMs)
    try {
      const { rows } = await inside.query<{ id: string }>(
        'SELECT quote_literal(gid) AS id FROM pg_prepared_xacts WHERE database = current_database()',
      )
      for (const { id } of rows) await inside.query(`ROLLBACK PREPARED ${id}`)
      return rows.length > 0
    } finally {
      await inside.end().catch(() => undefined)
    }
  } catch {
    return false // why it could not be dropped says more
  }
}
