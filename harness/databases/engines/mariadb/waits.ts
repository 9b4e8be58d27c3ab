import type mysql from 'mysql2'
import type { WaitEdge } from '../base-lane.ts'
import { ask } from '../innodb/client.ts'
import { withMetadataWaits } from '../innodb/metadata-waits.ts'
import type { InnodbSession } from '../innodb/session.ts'
import { reportedWaits } from './lock-report.ts'

/** Who waits for whom, for locks of every kind. */
export async function readWaits(
  watcher: mysql.Connection,
  sessions: readonly InnodbSession[],
  asked: readonly InnodbSession[],
): Promise<WaitEdge[]> {
  const [report] = await ask<{ Status: string }[]>(watcher, 'SHOW ENGINE INNODB STATUS')
  return withMetadataWaits(watcher, sessions, asked, reportedWaits(report?.Status ?? ''))
}
