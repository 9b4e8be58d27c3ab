import type mysql from 'mysql2'
import { DatabaseFault } from '../../../errors.ts'
import { ask } from './client.ts'

/**
 * Deadlocks have to be found when they come about, and not by a timeout.
 *
 * @throws {DatabaseFault} with what to do about it.
 */
export async function refuseWithoutDetection(
  title: string,
  control: mysql.Connection,
): Promise<void> {
  const [row] = await ask<{ on: number }[]>(
    control,
    'SELECT @@GLOBAL.innodb_deadlock_detect AS `on`',
  )
  if (row?.on === 1) return
  throw new DatabaseFault(
    `${title} does not look for deadlocks here: it needs SET GLOBAL innodb_deadlock_detect = ON.`,
  )
}
