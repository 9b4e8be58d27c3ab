import type mysql from 'mysql2'
import type { WaitEdge } from '../base-lane.ts'
import { ask } from '../innodb/client.ts'
import { metadataLocksSql, metadataWaits, type MetadataLock } from '../innodb/metadata-locks.ts'
import type { InnodbSession } from '../innodb/session.ts'
import { toSessions } from '../innodb/thread-waits.ts'
import { reportedWaits } from './lock-report.ts'

/** Who waits for whom, for locks of every kind. */
export async function readWaits(
  watcher: mysql.Connection,
  sessions: readonly InnodbSession[],
): Promise<WaitEdge[]> {
  const [[report], metadataLocks] = await ask<[{ Status: string }[], MetadataLock[]]>(
    watcher,
    `SHOW ENGINE INNODB STATUS;${metadataLocksSql}`,
  )
  return [
    ...reportedWaits(report?.Status ?? ''),
    ...toSessions(metadataWaits(metadataLocks), sessions),
  ]
}
