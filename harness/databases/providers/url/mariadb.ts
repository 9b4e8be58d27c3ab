import type { Connection } from 'mysql2/promise'
import type { ServerUrl } from './address.ts'
import { account, askOne, checkServer, isAllowed, missingOnOwnDatabase } from './innodb-server.ts'

/**
 * @throws {UsageError} when it is a MySQL.
 * @throws {DatabaseFault} when Lockstep cannot work there, with what to do about it.
 */
export const checkMariadb = (server: ServerUrl): Promise<void> =>
  checkServer(server, {
    engine: 'mariadb',
    title: 'MariaDB',
    oldestVersion: '10.6',
    // It is off by default, and without it only waits for whole tables and for GET_LOCK are not seen.
    needsPerformanceSchema: false,
    missing: missingOnMariadb,
  })

/**
 * The statements by which an administrator gives the user what Lockstep needs and they do not have.
 * `innodb_status_output_locks` tells who holds a lock, and costs nothing until it is asked. Lockstep
 * does not switch it on by itself, as it is the whole server's.
 */
export async function missingOnMariadb(connection: Connection): Promise<readonly string[]> {
  const { on } = await askOne<{ on: number }>(
    connection,
    'SELECT @@GLOBAL.innodb_status_output_locks AS `on`',
  )
  const toGrant = async (privilege: string, statement: string): Promise<readonly string[]> =>
    (await isAllowed(connection, statement))
      ? []
      : [`GRANT ${privilege} TO ${await account(connection)}`]
  return [
    ...(await missingOnOwnDatabase(connection)),
    ...(await toGrant('PROCESS ON *.*', 'SHOW ENGINE INNODB STATUS')),
    ...(await toGrant(
      'SELECT ON performance_schema.*',
      'SELECT 1 FROM performance_schema.metadata_locks LIMIT 0',
    )),
    ...(on === 1 ? [] : ['SET GLOBAL innodb_status_output_locks = ON']),
  ]
}
