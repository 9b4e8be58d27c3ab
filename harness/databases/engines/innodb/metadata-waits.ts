import type mysql from 'mysql2'
import type { WaitEdge } from '../base-lane.ts'
import { askPrepared } from './client.ts'
import { metadataLocksSql, metadataWaits, type MetadataLock } from './metadata-locks.ts'
import type { InnodbSession } from './session.ts'
import { toSessions } from './thread-waits.ts'

/**
 * The waits for locks of InnoDB's, and, only if they do not say why each of the asked sessions is not
 * answered, those for metadata and user-level locks too.
 */
export async function withMetadataWaits(
  watcher: mysql.Connection,
  sessions: readonly InnodbSession[],
  asked: readonly InnodbSession[],
  waits: readonly WaitEdge[],
): Promise<WaitEdge[]> {
  const explained = new Set(waits.map(({ waiter }) => waiter))
  if (asked.every(({ id }) => explained.has(id))) return [...waits]
  const locks = await askPrepared<MetadataLock[]>(watcher, metadataLocksSql)
  return [...waits, ...toSessions(metadataWaits(locks), sessions)]
}
