import type mysql from 'mysql2'
import type { WaitEdge } from '../base-lane.ts'
import { askPrepared } from '../innodb/client.ts'
import { withMetadataWaits } from '../innodb/metadata-waits.ts'
import type { InnodbSession } from '../innodb/session.ts'
import { toSessions, type ThreadWait } from '../innodb/thread-waits.ts'

/**
 * Row and table locks of InnoDB. Not `information_schema.INNODB_TRX`, which is a copy that is not
 * renewed while it is read more often than every 100 ms.
 *
 * A lock's thread is the one that made it, which is not always who holds it or waits for it: the lock
 * of a row that was just inserted is made by whoever comes to wait for it, and when an update moves a
 * row, the locks of those who wait for it are made anew by who updates it. So both are found by their
 * transactions, through a lock that is always their own: the one on the table.
 * Source: MySQL manual, 29.12.13.1 "The data_locks Table" and 29.12.13.2 "The data_lock_waits Table".
 */
const rowLocksSql = `
  SELECT DISTINCT waiter.THREAD_ID AS waiter, blocker.THREAD_ID AS blocker
  FROM performance_schema.data_lock_waits AS waits
  JOIN performance_schema.data_locks AS waiter
    ON waiter.ENGINE_TRANSACTION_ID = waits.REQUESTING_ENGINE_TRANSACTION_ID
      AND waiter.LOCK_TYPE = 'TABLE'
  LEFT JOIN performance_schema.data_locks AS blocker
    ON blocker.ENGINE_TRANSACTION_ID = waits.BLOCKING_ENGINE_TRANSACTION_ID
      AND blocker.LOCK_TYPE = 'TABLE'`

/** Who waits for whom, for locks of every kind. */
export async function readWaits(
  watcher: mysql.Connection,
  sessions: readonly InnodbSession[],
  asked: readonly InnodbSession[],
): Promise<WaitEdge[]> {
  const rowLocks = await askPrepared<ThreadWait[]>(watcher, rowLocksSql)
  return withMetadataWaits(watcher, sessions, asked, toSessions(rowLocks, sessions))
}
