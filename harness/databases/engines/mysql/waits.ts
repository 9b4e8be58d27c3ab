import type mysql from 'mysql2'
import type { WaitEdge } from '../base-lane.ts'
import { ask } from '../innodb/client.ts'
import { metadataLocksSql, metadataWaits, type MetadataLock } from '../innodb/metadata-locks.ts'
import type { InnodbSession } from '../innodb/session.ts'
import { toSessions, type ThreadWait } from '../innodb/thread-waits.ts'

/**
 * Row and table locks of InnoDB. Not `information_schema.INNODB_TRX`, which is a copy that is not
 * renewed while it is read more often than every 100 ms.
 *
 * A lock's thread is the one that made it. The lock of a row that a transaction has just inserted is
 * made by whoever comes to wait for it, so the holder is found by its transaction instead, through a
 * lock that is always its own: the one on the table.
 * Source: MySQL manual, 29.12.13.1 "The data_locks Table" and 29.12.13.2 "The data_lock_waits Table".
 */
const rowLocksSql = `
  SELECT DISTINCT waits.REQUESTING_THREAD_ID AS waiter, held.THREAD_ID AS blocker
  FROM performance_schema.data_lock_waits AS waits
  LEFT JOIN performance_schema.data_locks AS held
    ON held.ENGINE_TRANSACTION_ID = waits.BLOCKING_ENGINE_TRANSACTION_ID AND held.LOCK_TYPE = 'TABLE'`

/** Who waits for whom, for locks of every kind. */
export async function readWaits(
  watcher: mysql.Connection,
  sessions: readonly InnodbSession[],
): Promise<WaitEdge[]> {
  const [rowLocks, metadataLocks] = await ask<[ThreadWait[], MetadataLock[]]>(
    watcher,
    `${rowLocksSql};${metadataLocksSql}`,
  )
  return toSessions([...rowLocks, ...metadataWaits(metadataLocks)], sessions)
}
