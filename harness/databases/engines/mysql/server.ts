import type mysql from 'mysql2'
import { DatabaseFault } from '../../../errors.ts'
import { ask } from '../innodb/client.ts'
import { refuseWithoutDetection } from '../innodb/deadlock-detection.ts'

/** Oldest version with `performance_schema.data_lock_waits`. */
const oldestMajor = 8

/**
 * Refuses what Lockstep cannot work with.
 *
 * @throws {DatabaseFault} with what to do about it.
 */
export async function check(control: mysql.Connection, version: string): Promise<void> {
  if (/mariadb/i.test(version)) {
    throw new DatabaseFault(
      `This is a MariaDB server (${version}), not MySQL: use --database mariadb.`,
    )
  }
  if (Number.parseInt(version, 10) < oldestMajor) {
    throw new DatabaseFault(
      `MySQL ${version} does not say who waits for whom: Lockstep needs MySQL ${oldestMajor} or newer.`,
    )
  }
  await refuseWithoutDetection('MySQL', control)
  const [row] = await ask<{ on: number }[]>(control, 'SELECT @@performance_schema AS `on`')
  if (row?.on !== 1) {
    throw new DatabaseFault(
      'MySQL does not say who waits for whom: start the server with performance_schema=ON.',
    )
  }
  for (const table of ['data_lock_waits', 'metadata_locks', 'threads']) {
    try {
      await ask(control, `SELECT 1 FROM performance_schema.${table} LIMIT 1`)
    } catch {
      throw new DatabaseFault(
        `MySQL does not let Lockstep see who waits for whom: it needs GRANT SELECT ON performance_schema.* for its user.`,
      )
    }
  }
}
