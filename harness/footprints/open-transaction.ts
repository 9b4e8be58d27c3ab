import type { IsolationLevel } from '../databases/isolation.ts'
import type { Effects } from './effects.ts'
import type { Access, RowValues } from './footprint.ts'
import { factsOf, type Setting } from './setting.ts'

/**
 * Names of objects. `data` is what is committed in a table; `locks` stands for its locks and for what
 * is written there and not committed yet.
 */
export const objects = {
  data: (table: string) => `data of ${table}`,
  locks: (table: string) => `locks of ${table}`,
  /**
   * The order in which rows were written, which is the one in which a SELECT without ORDER BY finds
   * them on PostgreSQL.
   */
  order: (table: string) => `order of rows of ${table}`,
  /** The sequence of committed states. A snapshot of everything reads it. */
  commits: 'commits',
  /** Which serializable transactions have read what others have written, on PostgreSQL. */
  dependencies: 'dependencies between serializable transactions',
  sequence: (name: string | undefined) => `sequence ${name ?? ''}`,
  userLock: (name: string | undefined) => `user lock ${name ?? ''}`,
} as const

const anySequence = objects.sequence(undefined)
const anyUserLock = objects.userLock(undefined)

/**
 * What a transaction has touched so far, and with that what its end will touch; or a single
 * statement, which is a transaction of its own.
 *
 * Sources: PostgreSQL manual, 13.2 "Transaction Isolation"; Ports and Grittner, "Serializable
 * Snapshot Isolation in PostgreSQL", VLDB 2012; MySQL manual, 17.7.2 "InnoDB Transaction Model".
 */
export class OpenTransaction {
  readonly #setting: Setting
  readonly #level: IsolationLevel
  readonly #locked = new Touched()
  readonly #written = new Touched()
  readonly #others = new Set<string>()
  /** Whether it certainly has its snapshot, which then is what it reads. */
  #hasSnapshot = false
  #isUnknown = false

  constructor(setting: Setting, level: IsolationLevel) {
    this.#setting = setting
    this.#level = level
  }

  /** A statement outside a transaction: whatever the level, it reads what is committed when it begins. */
  static ofOneStatement(setting: Setting, level: IsolationLevel): OpenTransaction {
    return new OpenTransaction(setting, level === 'repeatable-read' ? 'read-committed' : level)
  }

  /** A statement that may do anything: so may the end of its transaction. */
  touchEverything(effects: Effects): void {
    this.#isUnknown = true
    effects.touchEverything()
  }

  touch(accesses: readonly Access[], effects: Effects): void {
    if (this.#isUnknown) effects.touchEverything()
    // On PostgreSQL whatever a statement does, the first one takes the snapshot: even SELECT 1.
    if (this.#readsSnapshot && !this.#hasSnapshot) effects.read(objects.commits)
    if (this.#tracksDependencies) {
      effects.write(objects.dependencies)
      this.#others.add(objects.dependencies)
    }
    for (const access of accesses) this.#touchObject(access, effects)
  }

  #touchObject(access: Access, effects: Effects): void {
    const { object, name } = access
    if (object === 'table') {
      if (name === undefined) this.touchEverything(effects)
      else this.#touchTable(name, access, effects)
      return
    }
    const [one, any] =
      object === 'sequence'
        ? [objects.sequence(name), anySequence]
        : [objects.userLock(name), anyUserLock]
    effects.write(one)
    effects.read(any)
    this.#others.add(one)
  }

  #touchTable(table: string, access: Access, effects: Effects): void {
    const { mode } = access
    const { engine } = this.#setting
    const rows = this.#confinedTo(access)
    const isPlainRead =
      mode === 'read' && !(engine !== 'postgres' && this.#level === 'serializable')
    if (!isPlainRead) {
      this.#locked.add(table, rows)
      effects.write(objects.locks(table), rows)
    }
    if (mode === 'write') {
      this.#written.add(table, this.#isByRows ? access.rows : undefined)
      effects.write(objects.order(table))
    }
    if (isPlainRead && this.#readsUncommitted) effects.read(objects.locks(table))
    // From its snapshot a transaction reads the same whenever it reads. What it locks or writes, it
    // finds as it is now.
    if (!isPlainRead || !this.#hasSnapshot) effects.read(objects.data(table), rows)
  }

  /** Whether rows are known by their values: not where locks lie on ranges, or reads on whole pages. */
  get #isByRows(): boolean {
    return this.#setting.engine === 'postgres' && this.#level !== 'serializable'
  }

  /** The only rows that it may find, or wait for; `undefined` for any. */
  #confinedTo({ mode, rows, columns }: Access): Access['rows'] {
    if (!this.#isByRows) return undefined
    if (mode !== 'write') return rows
    const { unique } = factsOf(this.#setting)
    // What is in a unique index, other rows may have as well.
    return columns?.every((column) => !unique.has(column)) ? rows : undefined
  }

  /**
   * The statement has been done: it has its snapshot now, if it was one that takes it.
   *
   * @param lookedIntoTable whether the statement certainly has read a row: see `certainlyReads`.
   */
  done(accesses: readonly Access[], lookedIntoTable: boolean): void {
    if (!this.#readsSnapshot) return
    const { engine } = this.#setting
    // In InnoDB a plain SELECT takes it, which at SERIALIZABLE is not plain; and not before it reads:
    // where a condition is never true, it does not look at all.
    const isPlain =
      this.#level === 'repeatable-read' && accesses.every(({ mode }) => mode === 'read')
    if (engine === 'postgres' || (lookedIntoTable && isPlain)) this.#hasSnapshot = true
  }

  get #tracksDependencies(): boolean {
    return this.#setting.engine === 'postgres' && this.#level === 'serializable'
  }

  get #readsSnapshot(): boolean {
    if (this.#level !== 'serializable') return this.#level === 'repeatable-read'
    // InnoDB locks what it reads at SERIALIZABLE; but MariaDB may compare it with a snapshot.
    return this.#setting.engine === 'postgres' || this.#setting.snapshotIsolation === true
  }

  get #readsUncommitted(): boolean {
    return this.#setting.engine !== 'postgres' && this.#level === 'read-uncommitted'
  }

  /** Others see what it has written, and get what it has locked. */
  commit(effects: Effects): void {
    this.release(effects)
    for (const [table, rows] of this.#written) effects.write(objects.data(table), rows)
    if (!this.#written.isEmpty) effects.write(objects.commits)
  }

  /** Others get what it has locked. */
  release(effects: Effects): void {
    if (this.#isUnknown) effects.touchEverything()
    for (const [table, rows] of this.#locked) effects.write(objects.locks(table), rows)
    for (const other of this.#others) {
      effects.write(other)
      if (other.startsWith(anySequence)) effects.read(anySequence)
      if (other.startsWith(anyUserLock)) effects.read(anyUserLock)
    }
  }
}

/** Tables, and which rows of them. */
class Touched {
  readonly #rows: (readonly [table: string, rows: RowValues | undefined])[] = []

  add(table: string, rows: RowValues | undefined): void {
    this.#rows.push([table, rows])
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0
  }

  [Symbol.iterator]() {
    return this.#rows.values()
  }
}
