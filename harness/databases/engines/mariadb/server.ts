import type mysql from 'mysql2'
import { DatabaseFault } from '../../../errors.ts'
import type { LaneOptions } from '../../engine.ts'
import { ask } from '../innodb/client.ts'
import { refuseWithoutDetection } from '../innodb/deadlock-detection.ts'

/**
 * Refuses what Lockstep cannot work with.
 *
 * @throws {DatabaseFault} with what to do about it.
 */
export async function check(control: mysql.Connection, version: string): Promise<void> {
  if (!/mariadb/i.test(version)) {
    throw new DatabaseFault(
      `This is a MySQL server (${version}), not MariaDB: use --database mysql.`,
    )
  }
  const [major = 0, minor = 0] = version.split('.').map(Number.parseFloat)
  if (major < 10 || (major === 10 && minor < 6)) {
    throw new DatabaseFault(
      `MariaDB ${version} does not say who has waited longest: Lockstep needs MariaDB 10.6 or newer.`,
    )
  }
  await refuseWithoutDetection('MariaDB', control)
  try {
    await ask(control, 'SHOW ENGINE INNODB STATUS')
  } catch {
    throw new DatabaseFault(
      'MariaDB does not let Lockstep see who waits for whom: it needs GRANT PROCESS ON *.* for its user.',
    )
  }
  const [row] = await ask<{ on: number }[]>(
    control,
    'SELECT @@GLOBAL.innodb_status_output_locks AS `on`',
  )
  if (row?.on === 1) return
  throw new DatabaseFault(
    'MariaDB does not say who waits for whom: it needs SET GLOBAL innodb_status_output_locks = ON.',
  )
}

/** What innodb_snapshot_isolation will be: what was asked for, or what it is on this server. */
export async function snapshotIsolation(
  control: mysql.Connection,
  { snapshotIsolation: wanted }: LaneOptions,
): Promise<boolean | undefined> {
  const [found] = await ask<{ Value: string }[]>(
    control,
    "SHOW GLOBAL VARIABLES LIKE 'innodb_snapshot_isolation'",
  )
  if (found) return wanted ?? found.Value === 'ON'
  if (!wanted) return undefined
  throw new DatabaseFault(
    'This MariaDB has no innodb_snapshot_isolation: it came with 10.6.18, 10.11.8 and 11.4.2.',
  )
}
