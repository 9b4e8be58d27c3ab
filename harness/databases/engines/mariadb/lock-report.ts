import type { WaitEdge } from '../base-lane.ts'

/**
 * Reads who waits for whom from the transactions that SHOW ENGINE INNODB STATUS lists, with the locks
 * of each when innodb_status_output_locks is on. It is the one place where MariaDB says so at once:
 * `information_schema.INNODB_LOCK_WAITS` is a copy that is not renewed while it is read more often
 * than every 100 ms.
 * Source: MariaDB manual, "SHOW ENGINE INNODB STATUS"; for what conflicts, MariaDB Server,
 * storage/innobase/lock/lock0lock.cc, lock_rec_has_to_wait and lock_mode_compatible.
 */

/** A lock of a transaction, or one it waits for. */
interface Lock {
  /** What is locked: a table, or a record by page and place. */
  readonly object: string
  readonly mode: string
  readonly isGap: boolean
  readonly isRecordOnly: boolean
  readonly isInsertIntention: boolean
  readonly isSupremum: boolean
  readonly isWaiting: boolean
}

interface Transaction {
  /** Its session's number in the process list; undefined for the server's own. */
  readonly session: number | undefined
  readonly name: string
  /** How long it has waited, in microseconds; 0 when it does not. */
  readonly waitedUs: number
  readonly isWaiting: boolean
  readonly locks: readonly Lock[]
  /** Whether it has more locks than were printed. */
  readonly isCutOff: boolean
}

/**
 * Who waits for whom, from the text of the status.
 *
 * @param own the sessions of the lane that asks.
 */
export function reportedWaits(status: string, own: ReadonlySet<number>): WaitEdge[] {
  if (!status.includes('LOCK WAIT')) return []
  const transactions = readTransactions(status)
  return transactions.flatMap((waiting) => {
    const { session } = waiting
    if (session === undefined) return []
    return blockersOf(waiting, transactions, own).map((other) => ({
      waiter: session,
      blocker: other.session ?? other.name,
    }))
  })
}

/**
 * Those who keep a transaction waiting. Ten locks of each are printed: where no printed one explains
 * that it waits, it must be one that was not, and first of all one of the same lane.
 */
function blockersOf(
  waiting: Transaction,
  all: readonly Transaction[],
  own: ReadonlySet<number>,
): readonly Transaction[] {
  if (!waiting.isWaiting) return []
  const others = all.filter((other) => other !== waiting)
  const wanted = waiting.locks.filter(({ isWaiting }) => isWaiting)
  const known = others.filter((other) => wanted.some((lock) => keeps(other, waiting, lock)))
  if (known.length > 0) return known
  const cutOff = others.filter(({ isCutOff }) => isCutOff)
  const ours = cutOff.filter(({ session }) => session !== undefined && own.has(session))
  return ours.length > 0 ? ours : cutOff
}

/** Whether the other one holds what the lock does not go with, or waits for it in front. */
function keeps(other: Transaction, waiting: Transaction, wanted: Lock): boolean {
  return other.locks.some(
    (held) =>
      held.object === wanted.object &&
      (!held.isWaiting || other.waitedUs > waiting.waitedUs) &&
      conflict(wanted, held),
  )
}

/** Modes of locks in the order of the table below. */
const modes = ['IS', 'IX', 'S', 'X', 'AUTO-INC']
const compatible = [
  [true, true, true, false, true],
  [true, true, false, false, true],
  [true, false, true, false, false],
  [false, false, false, false, false],
  [true, true, false, false, false],
]

function conflict(wanted: Lock, held: Lock): boolean {
  if (compatible[modes.indexOf(wanted.mode)]?.[modes.indexOf(held.mode)] ?? false) return false
  const onGap = wanted.isGap || wanted.isSupremum
  if (onGap && !wanted.isInsertIntention) return false
  if (!wanted.isInsertIntention && held.isGap) return false
  if (wanted.isGap && held.isRecordOnly) return false
  return !held.isInsertIntention
}

/** Both in such a way that no line of a statement's own text looks like them. */
const transactionStart = /^---TRANSACTION (?=\(?\w+\)?, )/m
const sectionEnd = /^--------\nFILE I\/O$/m

function readTransactions(status: string): Transaction[] {
  const list = status.slice(status.indexOf('LIST OF TRANSACTIONS FOR EACH SESSION:'))
  const [section = ''] = list.split(sectionEnd)
  return section.split(transactionStart).slice(1).map(readTransaction)
}

function readTransaction(text: string): Transaction {
  const session = /^MariaDB thread id (\d+),/m.exec(text)?.[1]
  const waitedUs = /^------- TRX HAS BEEN WAITING (\d+) us/m.exec(text)?.[1]
  // What it waits for is shown by itself, and again among its locks, unless those are too many.
  const [head = '', ...lists] = text.split(/^------------------\n/m)
  const wanted = readLocks(head)
  return {
    session: session === undefined ? undefined : Number(session),
    name: `transaction ${/^\S+/.exec(text)?.[0].replace(',', '') ?? ''}`,
    waitedUs: Number(waitedUs ?? 0),
    isWaiting: text.includes('\nLOCK WAIT '),
    locks: lists.length === 0 ? wanted : [...wanted, ...readLocks(lists.join(''))],
    isCutOff: text.includes('SUPPRESSING FURTHER PRINTS'),
  }
}

const recordLocks =
  /^RECORD LOCKS space id (\d+) page no (\d+) .* trx id \d+ lock[_ ]mode ([A-Z-]+)(.*)$/
const tableLock = /^TABLE LOCK table (.+) trx id \d+ lock mode ([A-Z-]+)(.*)$/
const record = /^Record lock, heap no (\d+) /

/** The record in every page that stands for whatever comes after the last one. */
const supremum = '1'

function readLocks(text: string): Lock[] {
  const locks: Lock[] = []
  let page: { readonly at: string; readonly mode: string; readonly how: string } | undefined
  for (const line of text.split('\n')) {
    const [, space, number, mode = '', how = ''] = recordLocks.exec(line) ?? []
    if (space !== undefined) {
      page = { at: `${space}/${number}`, mode, how }
      continue
    }
    const [, table, tableMode = '', tableHow = ''] = tableLock.exec(line) ?? []
    if (table !== undefined) locks.push(lockOf(table, tableMode, tableHow))
    const heap = record.exec(line)?.[1]
    if (page && heap !== undefined) {
      locks.push(lockOf(`${page.at}/${heap}`, page.mode, page.how, heap === supremum))
    }
  }
  return locks
}

function lockOf(object: string, mode: string, how: string, isSupremum = false): Lock {
  return {
    object,
    mode,
    isGap: how.includes('locks gap before rec'),
    isRecordOnly: how.includes('locks rec but not gap'),
    isInsertIntention: how.includes('insert intention'),
    isSupremum,
    isWaiting: how.includes('waiting'),
  }
}
