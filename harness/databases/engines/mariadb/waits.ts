import type mysql from 'mysql2'
import type { WaitEdge } from '../base-lane.ts'
import { ask } from '../innodb/client.ts'
import type { LaneSession } from '../innodb/session.ts'
import { reportedWaits } from './lock-report.ts'

/** Who waits for whom, for locks of InnoDB's own. */
export async function readLockWaits(
  watcher: mysql.Connection,
  sessions: readonly LaneSession[],
): Promise<WaitEdge[]> {
  const [report] = await ask<{ Status: string }[]>(watcher, 'SHOW ENGINE INNODB STATUS')
  const own = new Set(sessions.map(({ id }) => id))
  return reportedWaits(report?.Status ?? '', own)
}
