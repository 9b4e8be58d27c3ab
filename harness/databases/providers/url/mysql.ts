import type { Connection } from 'mysql2/promise'
import type { ServerUrl } from './address.ts'
import { account, checkServer, isAllowed, missingOnOwnDatabase } from './innodb-server.ts'

/**
 * @throws {UsageError} when it is a MariaDB.
 * @throws {DatabaseFault} when Lockstep cannot work there, with what to do about it.
 */
export const checkMysql = (server: ServerUrl): Promise<void> =>
  checkServer(server, {
    engine: 'mysql',
    title: 'MySQL',
    oldestVersion: '8.0',
    needsPerformanceSchema: true,
    missing: missingOnMysql,
  })

/** The statements by which an administrator gives the user what Lockstep needs and they do not have. */
export async function missingOnMysql(connection: Connection): Promise<readonly string[]> {
  // These say who waits for whom.
  const visible =
    (await isAllowed(connection, 'SELECT 1 FROM performance_schema.data_lock_waits LIMIT 0')) &&
    (await isAllowed(connection, 'SELECT 1 FROM performance_schema.metadata_locks LIMIT 0'))
  return [
    ...(await missingOnOwnDatabase(connection)),
    ...(visible ? [] : [`GRANT SELECT ON performance_schema.* TO ${await account(connection)}`]),
  ]
}
