import type { EngineName } from '../databases/engine-name.ts'
import { before, type Done, type Moment, type UnitOfWork } from './transactions.ts'

/**
 * What a read saw of a write of another transaction.
 *
 * - `seen`: it saw the write, or a later one of the same row.
 * - `seen dirty`: likewise, before the write was committed.
 * - `unseen`: it saw the row as it was before.
 * - `no effect`: the write was undone, and was not seen before that.
 * - `unknown`: the history does not say which came first.
 */
export type Sight = 'seen' | 'seen dirty' | 'unseen' | 'no effect' | 'unknown'

/** How an engine shows rows. */
interface Visibility {
  /** Whether the read is answered from what was committed at some earlier moment, and which. */
  snapshotOf(read: Done): Moment | undefined
  /** Whether the read also sees what has not been committed. */
  isDirty(read: Done): boolean
  /** Whether a read that has waited for a commit sees the rows that were new with it. */
  readonly seesNewRowsAfterWait: boolean
}

/**
 * At read committed each statement sees what is committed when it begins; but a row that it had to wait
 * for is read again. From repeatable read on, the first statement that is not BEGIN fixes the snapshot
 * for all of the transaction, even if it then waits. Read uncommitted is read committed.
 * Source: PostgreSQL manual, 13.2 "Transaction Isolation".
 */
const postgres: Visibility = {
  snapshotOf: ({ transaction }) => {
    const { isolation, firstStep } = transaction
    const isFixed = isolation === 'repeatable-read' || isolation === 'serializable'
    return isFixed && firstStep !== undefined ? atStartOf(firstStep) : undefined
  },
  isDirty: () => false,
  seesNewRowsAfterWait: false,
}

/**
 * What locks or writes acts on what is newest. At repeatable read the first read that does not lock
 * fixes the snapshot for all that do not; at serializable every read in a transaction locks; at read
 * uncommitted a read that does not lock sees whatever is there.
 * Source: MySQL manual, 17.7.2.1 "Transaction Isolation Levels", 17.7.2.3 "Consistent Nonlocking Reads"
 * and 17.7.3 "Locks Set by Different SQL Statements in InnoDB".
 */
const innodb: Visibility = {
  snapshotOf: (read) => {
    const { isolation, operations } = read.transaction
    if (isolation !== 'repeatable-read' || read.locks) return undefined
    const first = operations.find((each) => each.action === 'read' && !each.locks)
    return first && atStartOf(first.step)
  },
  isDirty: ({ transaction }) => transaction.isolation === 'read-uncommitted',
  seesNewRowsAfterWait: true,
}

const visibilities = {
  postgres,
  mysql: innodb,
  mariadb: innodb,
} satisfies Record<EngineName, Visibility>

/** Before anything that the step itself did. */
const atStartOf = (step: number): Moment => ({ step: step - 0.5, isReleased: false })

/** What `read` saw of `write`, by what the engine promises at the reader's isolation level. */
export function sightOf(read: Done, write: Done, engine: EngineName): Sight {
  const visibility = visibilities[engine]
  const writer = write.transaction
  const wasThere = before(write.doneAt, read.readAt)
  if (wasThere === 'unknown') return writer.end === 'committed' ? 'unknown' : 'no effect'
  if (!wasThere) return writer.end === 'committed' ? 'unseen' : 'no effect'
  if (visibility.isDirty(read) && before(read.readAt, writer.endedAt) === true) return 'seen dirty'
  if (writer.end !== 'committed') return 'no effect'
  return sightOfCommitted(read, write, writer, visibility)
}

function sightOfCommitted(
  read: Done,
  write: Done,
  writer: UnitOfWork,
  visibility: Visibility,
): Sight {
  const commit = writer.endedAt
  const inTime = before(commit, read.readAt)
  if (inTime === 'unknown') return 'unknown'
  if (!inTime) return 'unseen'
  const snapshot = visibility.snapshotOf(read)
  if (snapshot) return before(commit, snapshot) === true ? 'seen' : 'unseen'
  const hasWaited = before(commit, atStartOf(read.step)) !== true
  if (!hasWaited || visibility.seesNewRowsAfterWait) return 'seen'
  if (write.action === 'insert') return 'unseen'
  return read.locks ? 'seen' : 'unseen'
}
