import type { ThreadWait } from './thread-waits.ts'

/**
 * Waits for metadata locks, which DDL and LOCK TABLES take on tables, and for user-level locks
 * (GET_LOCK), which the server keeps in the same place.
 * Source: MySQL manual, 10.11.4 "Metadata Locking", and 29.12.13.3 "The metadata_locks Table".
 */

/** A row of `performance_schema.metadata_locks`: what a thread holds, or waits for. */
export interface MetadataLock {
  readonly kind: string
  readonly schema: string | null
  readonly name: string | null
  readonly type: string
  readonly status: string
  readonly thread: number
}

/** Gives no row at all unless somebody waits, which is the usual case. */
export const metadataLocksSql = `
  SELECT OBJECT_TYPE AS kind, OBJECT_SCHEMA AS \`schema\`, OBJECT_NAME AS name, LOCK_TYPE AS type,
    LOCK_STATUS AS status, OWNER_THREAD_ID AS thread
  FROM performance_schema.metadata_locks
  WHERE EXISTS (SELECT 1 FROM performance_schema.metadata_locks WHERE LOCK_STATUS = 'PENDING')`

/** Who waits for whom, from a listing of all locks. */
export function metadataWaits(locks: readonly MetadataLock[]): ThreadWait[] {
  return locks
    .filter(({ status }) => status === 'PENDING')
    .flatMap((waiting) =>
      locks
        .filter((other) => keepsWaiting(other, waiting))
        .map((other) => ({ waiter: waiting.thread, blocker: other.thread })),
    )
}

function keepsWaiting(other: MetadataLock, waiting: MetadataLock): boolean {
  if (other.thread === waiting.thread || !isSameObject(other, waiting)) return false
  if (other.status === 'PENDING') return goesFirst(other, waiting)
  return !tables.has(waiting.kind) || conflict(waiting.type, other.type)
}

const isSameObject = (one: MetadataLock, other: MetadataLock): boolean =>
  one.kind === other.kind && one.schema === other.schema && one.name === other.name

/** Objects whose locks come in many strengths. All other ones are held by one thread at a time. */
const tables: ReadonlySet<string> = new Set(['TABLE'])

/**
 * The locks that a lock on a table does not go with.
 * Source: MySQL Server, sql/mdl.cc, MDL_lock::m_object_lock_strategy.
 */
const conflicts: Readonly<Record<string, readonly string[]>> = {
  SHARED_READ: ['SHARED_NO_READ_WRITE'],
  SHARED_WRITE: ['SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE'],
  SHARED_WRITE_LOW_PRIO: ['SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE'],
  SHARED_UPGRADABLE: ['SHARED_UPGRADABLE', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE'],
  SHARED_READ_ONLY: ['SHARED_WRITE', 'SHARED_WRITE_LOW_PRIO', 'SHARED_NO_READ_WRITE'],
  SHARED_NO_WRITE: [
    'SHARED_WRITE',
    'SHARED_WRITE_LOW_PRIO',
    'SHARED_UPGRADABLE',
    'SHARED_NO_WRITE',
    'SHARED_NO_READ_WRITE',
  ],
  SHARED_NO_READ_WRITE: [
    'SHARED_READ',
    'SHARED_WRITE',
    'SHARED_WRITE_LOW_PRIO',
    'SHARED_UPGRADABLE',
    'SHARED_READ_ONLY',
    'SHARED_NO_WRITE',
    'SHARED_NO_READ_WRITE',
  ],
}

/** Goes with no other lock at all. */
const exclusive = 'EXCLUSIVE'

const conflict = (wanted: string, held: string): boolean =>
  wanted === exclusive || held === exclusive || (conflicts[wanted]?.includes(held) ?? false)

/** The strongest locks are handed out before weaker ones that have waited longer. */
const strongest: ReadonlySet<string> = new Set([
  exclusive,
  'SHARED_NO_READ_WRITE',
  'SHARED_NO_WRITE',
])

function goesFirst(other: MetadataLock, waiting: MetadataLock): boolean {
  if (!tables.has(waiting.kind)) return false
  return (
    strongest.has(other.type) && !strongest.has(waiting.type) && conflict(waiting.type, other.type)
  )
}
