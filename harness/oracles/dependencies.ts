import type { EngineName } from '../databases/engine-name.ts'
import type { Rows } from '../databases/engine.ts'
import { showRow, type SqlValue } from '../databases/statement.ts'
import { before, type Done } from './transactions.ts'
import { sightOf } from './visibility.ts'
import { share, type Values } from './operations.ts'

/**
 * One operation has to come before another of a different unit, whatever the order of the units.
 *
 * - `ww`: the second writes over a row that the first has written.
 * - `wr`: the second has read what the first has written.
 * - `rw`: the second writes over a row that the first has read before that, or makes one that the first
 *   would have found.
 *
 * Source: Adya, Liskov and O'Neil, "Generalized Isolation Level Definitions", ICDE 2000: direct
 * dependencies. Here a row that was looked at counts as read even where the condition turned out false.
 */
export interface Dependency {
  readonly kind: 'ww' | 'wr' | 'rw'
  readonly from: Done
  readonly to: Done
  readonly table: string
  /** The row as people read it: what is known of it that never changes. */
  readonly row: string
  /** Whether it is about which rows there are: one that comes, where the other has looked. */
  readonly isPredicate: boolean
  /** Whether the reader saw it before it was committed. */
  readonly isDirty: boolean
  /** Whether it is certain, and not only what the texts of the statements allow. */
  readonly isCertain: boolean
}

/** A row, by what is known of it. */
interface KnownRow {
  readonly table: string
  readonly values: Values
  /** What made it; undefined for one that was there from the start. */
  readonly madeBy: Done | undefined
}

/** Whether an operation is about a row. */
type Match = 'yes' | 'no' | 'perhaps'

/** Dependencies, or why what was read cannot be trusted to have been understood. */
export type Dependencies =
  | { readonly dependencies: readonly Dependency[] }
  | { readonly why: string }

/** All direct dependencies between operations of different transactions. */
export function dependenciesOf(
  operations: readonly Done[],
  initial: Rows,
  engine: EngineName,
): Dependencies {
  const rows = new KnownRows(operations, initial)
  const surprise = operations.find((each) => rows.isSurprising(each, engine))
  if (surprise) {
    const level = surprise.transaction.isolation
    return {
      why: `what step ${surprise.step} returned from ${surprise.table} is not what is to be expected at ${level} from the statements of this run`,
    }
  }
  const dependencies: Dependency[] = []
  for (const one of operations) {
    for (const other of operations) {
      if (one.transaction === other.transaction || one.table !== other.table) continue
      if (writes(other) && reads(one)) dependencies.push(...readAndWrite(one, other, rows, engine))
      if (writes(one) && writes(other)) dependencies.push(...writeAndWrite(one, other, rows))
    }
  }
  return { dependencies }
}

/** Whether it changed anything. */
const writes = ({ action, affectedRows }: Done): boolean => action !== 'read' && affectedRows > 0

const reads = ({ action }: Done): boolean => action !== 'insert'

function readAndWrite(read: Done, write: Done, rows: KnownRows, engine: EngineName): Dependency[] {
  if (!share(read.reads, write.writes) && write.action === 'update') return []
  return rows.writtenBy(write).flatMap(({ row, match: isWritten }): Dependency[] => {
    const isRead = rows.match(read, row)
    if (isRead === 'no' || rows.hasOwnVersion(read, row)) return []
    const sight = sightOf(read, write, engine)
    if (sight === 'no effect') return []
    const isPredicate = row.madeBy === write
    const isCertain = isRead === 'yes' && isWritten === 'yes' && sight !== 'unknown'
    const about = { table: write.table, row: rows.show(row), isPredicate, isCertain }
    const seen = {
      ...about,
      kind: 'wr',
      from: write,
      to: read,
      isDirty: sight === 'seen dirty',
    } as const
    const unseen = { ...about, kind: 'rw', from: read, to: write, isDirty: false } as const
    if (sight === 'unknown') return [seen, unseen]
    return [sight === 'unseen' ? unseen : seen]
  })
}

function writeAndWrite(one: Done, other: Done, rows: KnownRows): Dependency[] {
  const order = before(one.doneAt, other.doneAt)
  if (order === false || !share(one.writes, other.writes)) return []
  const written = rows.writtenBy(other)
  return rows.writtenBy(one).flatMap(({ row, match }): Dependency[] => {
    const also = written.find((each) => each.row === row)
    if (!also) return []
    return [
      {
        kind: 'ww',
        from: one,
        to: other,
        table: one.table,
        row: rows.show(row),
        isPredicate: false,
        isDirty: false,
        isCertain: order === true && match === 'yes' && also.match === 'yes',
      },
    ]
  })
}

/** The rows that are known: those at the start, and those that the statements say they make. */
class KnownRows {
  readonly #rows = new Map<string, KnownRow[]>()
  /** Columns that are set by some statement of the run: what a row has there changes. */
  readonly #changing = new Map<string, Set<string>>()
  /** Tables of which it is known what was in them at the start, and those that rows are deleted from. */
  readonly #observed: ReadonlySet<string>
  readonly #shrinking: ReadonlySet<string>
  readonly #written = new Map<Done, readonly { readonly row: KnownRow; readonly match: Match }[]>()

  constructor(operations: readonly Done[], initial: Rows) {
    for (const operation of operations) {
      if (operation.action !== 'update' || operation.writes === 'all') continue
      const changing = this.#changing.get(operation.table) ?? new Set()
      for (const column of operation.writes) changing.add(column)
      this.#changing.set(operation.table, changing)
    }
    this.#observed = new Set(Object.keys(initial))
    this.#shrinking = new Set(
      operations.filter(({ action }) => action === 'delete').map(({ table }) => table),
    )
    for (const [table, rows] of Object.entries(initial)) {
      for (const row of rows) this.#add({ table, values: row as Values, madeBy: undefined })
    }
    for (const each of operations) {
      if (each.action !== 'insert' || each.affectedRows === 0) continue
      // What it returned, such as a number that was drawn for it, is known of it as well.
      const values = { ...each.where, ...(each.rows[0] as Values | undefined) }
      this.#add({ table: each.table, values, madeBy: each })
    }
    // Of a table that nothing is known of, each writing is about a row that may be any other's.
    for (const each of operations) {
      if (!writes(each) || this.#candidates(each).length > 0) continue
      this.#add({ table: each.table, values: each.where, madeBy: undefined })
    }
  }

  #add(row: KnownRow): void {
    const rows = this.#rows.get(row.table) ?? []
    this.#rows.set(row.table, [...rows, row])
  }

  /** Whether an operation looks at a row, by the columns whose values never change. */
  match(operation: Done, row: KnownRow): Match {
    if (row.madeBy) return this.#matchNew(operation, row)
    let isNamed = false
    let isSure = !operation.isVague
    for (const [column, value] of Object.entries(operation.where)) {
      if (this.#changing.get(row.table)?.has(column)) continue
      const known = row.values[column]
      const same = known === undefined ? 'perhaps' : compare(known, value)
      if (same === 'no') return 'no'
      if (same === 'yes') isNamed = true
      else isSure = false
    }
    return isSure && (isNamed || operation.isExact) ? 'yes' : 'perhaps'
  }

  /** A row that comes matters to a look only if all of its conditions are true of it. */
  #matchNew(operation: Done, row: KnownRow): Match {
    if (operation === row.madeBy) return 'yes'
    let isSure = operation.isExact && !row.madeBy?.isVague
    for (const [column, value] of Object.entries(operation.where)) {
      const known = row.values[column]
      const same = known === undefined ? 'perhaps' : compare(known, value)
      const isChanging = this.#changing.get(row.table)?.has(column) ?? false
      if (same === 'no' && !isChanging) return 'no'
      if (same !== 'yes' || isChanging) isSure = false
    }
    return isSure ? 'yes' : 'perhaps'
  }

  #candidates(operation: Done): readonly { readonly row: KnownRow; readonly match: Match }[] {
    return (this.#rows.get(operation.table) ?? []).flatMap((row) => {
      if (operation.action === 'insert')
        return row.madeBy === operation ? [{ row, match: 'yes' }] : []
      const match = this.match(operation, row)
      return match === 'no' || !this.#isThere(row, operation) ? [] : [{ row, match }]
    })
  }

  /** Whether the row can have been there when the operation was done. */
  #isThere({ madeBy }: KnownRow, operation: Done): boolean {
    if (!madeBy) return true
    if (before(madeBy.doneAt, operation.doneAt) === false) return false
    return madeBy.transaction === operation.transaction || madeBy.transaction.end === 'committed'
  }

  /** The rows that an operation has changed; `perhaps` where the count does not tell which. */
  writtenBy(operation: Done): readonly { readonly row: KnownRow; readonly match: Match }[] {
    let written = this.#written.get(operation)
    if (!written) {
      const candidates = writes(operation) ? this.#candidates(operation) : []
      const areAll = !operation.isVague && candidates.length <= operation.affectedRows
      const match = areAll ? 'yes' : 'perhaps'
      written = candidates.map(({ row }) => ({ row, match }))
      this.#written.set(operation, written)
    }
    return written
  }

  /** Whether the transaction had written the row itself before it read it. */
  hasOwnVersion(read: Done, row: KnownRow): boolean {
    return read.transaction.operations.some(
      (own) =>
        own !== read &&
        own.action !== 'read' &&
        before(own.doneAt, read.doneAt) === true &&
        this.writtenBy(own).some((each) => each.row === row && each.match === 'yes'),
    )
  }

  /**
   * Whether a read returned more rows than it can have seen, or fewer. Only where all is known: the
   * table from the start, and which rows the condition is true of.
   */
  isSurprising(read: Done, engine: EngineName): boolean {
    const isKnown =
      read.action === 'read' && read.returnsThem && read.isExact && this.#observed.has(read.table)
    const isChanging = Object.keys(read.where).some((column) =>
      this.#changing.get(read.table)?.has(column),
    )
    if (!isKnown || isChanging || this.#shrinking.has(read.table)) return false
    let expected = 0
    for (const row of this.#rows.get(read.table) ?? []) {
      const match = this.match(read, row)
      const sight = this.#sightOf(row, read, engine)
      if (match === 'perhaps' || sight === 'unknown') return false
      if (match === 'yes' && sight === 'seen') expected += 1
    }
    return expected !== read.rows.length
  }

  #sightOf({ madeBy }: KnownRow, read: Done, engine: EngineName): 'seen' | 'unseen' | 'unknown' {
    if (!madeBy) return 'seen'
    if (madeBy.transaction === read.transaction) {
      return before(madeBy.doneAt, read.doneAt) === true ? 'seen' : 'unseen'
    }
    const sight = sightOf(read, madeBy, engine)
    if (sight === 'unknown') return sight
    return sight === 'seen' || sight === 'seen dirty' ? 'seen' : 'unseen'
  }

  show({ table, values }: KnownRow): string {
    const lasting = Object.entries(values).filter(
      ([column]) => !this.#changing.get(table)?.has(column),
    )
    return showRow(Object.fromEntries(lasting))
  }
}

/** Databases convert what they compare, so only values of one type are certain to differ. */
function compare(one: SqlValue, other: SqlValue): Match {
  if (one === other) return one === null ? 'no' : 'yes'
  if (typeof one === 'number' && typeof other === 'number') return 'no'
  if (typeof one !== 'string' || typeof other !== 'string') return 'perhaps'
  return one.toLowerCase() === other.toLowerCase() ? 'perhaps' : 'no'
}
