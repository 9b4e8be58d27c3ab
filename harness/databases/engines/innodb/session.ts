import type { Socket } from 'node:net'
import mysql from 'mysql2'
import { describeThrown, StrategyFault } from '../../../errors.ts'
import { DatabaseError } from '../../database-error.ts'
import type { StatementOutcome, TransactionState } from '../../engine.ts'
import { renderStatement, type Row, type SqlValue, type Statement } from '../../statement.ts'
import type { NumberedSession } from '../base-lane.ts'
import { ask, disconnect, identify, type Answer, type SessionNumbers } from './client.ts'
import { dialect } from './dialect.ts'
import { classify, statementOnly, type ErrorClasses } from './errors.ts'
import { writesOf, type Writes } from './writes.ts'

type Settle = (outcome: StatementOutcome) => void

/** Statements worth preparing. Anything else is sent as plain text. */
const plannable = /^\s*(select|insert|update|delete|replace|with|values)\b/i
/** What may outlive a transaction in a session, so that the next run would find it. */
const lasting =
  /@|:=|^\s*(?!\s|(select|insert|update|delete|replace|with|values|begin|start|commit|rollback|savepoint|release|set\s+transaction|do)\b)/i
/** Meant for the next transaction, which may be the next run's first. */
const forNextTransaction = /^\s*set\s+transaction\b/i
const beginning = /^\s*(begin|start\s+transaction)\b/i
/** What the last insert was given, perhaps in an earlier run. */
const insertId = /\blast_insert_id\b/i
/** Statements that are undone alone when they fail for what they would write. */
const changing = /^\s*(insert|update|replace)\b/i
/** User-level locks are held until they are released, or the session ends. */
export const userLock = /\bget_lock\b/i

/** Flags of the server's status. Source: MySQL manual, "Client/Server Protocol", status flags. */
const inTransaction = 1
const autocommit = 2

/** What sessions of MySQL and of MariaDB have each in their own way. */
export interface SessionKind {
  readonly classes: ErrorClasses
  /** Sets the shortest time that a statement of the session can wait for a lock. */
  readonly shortLockWaits: string
}

/** Lock waits end by the clock, which no schedule controls: these are longer than any run. */
export const longLockWaits =
  'SET SESSION innodb_lock_wait_timeout = 3600, lock_wait_timeout = DEFAULT'

/** A statement's text, and what it may leave behind. */
interface Prepared {
  readonly text: string
  readonly isPlannable: boolean
  readonly isLasting: boolean
  readonly takesUserLock: boolean
  readonly readsInsertId: boolean
  readonly setsTransaction: boolean
  readonly begins: boolean
  readonly isChanging: boolean
  readonly writes: Writes
}

/** A session of a lane, whoever has opened it. */
export interface LaneSession extends NumberedSession, SessionNumbers {
  /** Its number in the process list. */
  readonly id: number
  /** What the statements since the last time may have left in tables. */
  takeWrites(): Writes[]
  /** Whether it holds nothing that a run should not inherit. */
  readonly isClean: boolean
  /** Forgets what may have outlived the last run. Must be called outside a transaction. */
  clean(): Promise<void>
}

/** An actor's connection to MySQL or MariaDB. */
export class InnodbSession implements LaneSession {
  readonly id: number
  readonly threadId: number
  #isDirty = false
  #holdsUserLocks = false
  /** Whether the next transaction has been given settings of its own. */
  #isArmed = false
  /** Whether what one run has inserted may be read in the next. */
  #readsInsertId = false
  readonly #connection: mysql.Connection
  readonly #kind: SessionKind
  /** Statements that set the session up. */
  readonly #settings: readonly string[]
  readonly #prepared = new WeakMap<readonly string[], Prepared>()
  /** What was sent since the lane was last reset. */
  readonly #written = new Set<Writes>()
  #transaction: TransactionState = 'none'
  #autocommits = true
  #pending: Settle | undefined
  #lost: DatabaseError | undefined
  readonly #whenLost = Promise.withResolvers<void>()
  /** Whether the connection breaks before the next answer is heard. */
  #losesAnswer = false
  /** The answer that was not heard. */
  #unheard: StatementOutcome | undefined
  #limitsLockWaits = false

  private constructor(
    connection: mysql.Connection,
    id: number,
    threadId: number,
    settings: readonly string[],
    kind: SessionKind,
  ) {
    this.#connection = connection
    this.id = id
    this.threadId = threadId
    this.#settings = settings
    this.#kind = kind
    connection.on('error', (error) => this.#lose(classify(error, kind.classes)))
    connection.on('end', () =>
      this.#lose(classify(new Error('the connection was closed'), kind.classes)),
    )
  }

  /** Takes a connection over and sets it up. */
  static async open(
    connection: mysql.Connection,
    settings: readonly string[],
    kind: SessionKind,
  ): Promise<InnodbSession> {
    const { id, threadId } = await identify(connection)
    for (const setting of settings) await ask(connection, setting)
    return new InnodbSession(connection, id, threadId, settings, kind)
  }

  get transaction(): TransactionState {
    return this.#transaction
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  get whenLost(): Promise<void> {
    return this.#whenLost.promise
  }

  cutOff(): void {
    // The driver's own ways to close say good-bye, or tell nobody.
    const { stream } = this.#connection as unknown as { readonly stream: Socket }
    stream.destroy()
  }

  loseNextAnswer(): void {
    this.#losesAnswer = true
  }

  async limitLockWaits(isLimited: boolean): Promise<void> {
    if (isLimited === this.#limitsLockWaits || this.isLost) return
    this.#limitsLockWaits = isLimited
    this.#isDirty = true
    await ask(this.#connection, isLimited ? this.#kind.shortLockWaits : longLockWaits)
  }

  // Who closes a circle of waits makes no difference: InnoDB finds it at once, and picks by itself.
  execute(statement: Statement): Promise<StatementOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#lost) {
        resolve({ ok: false, error: this.#lost, transaction: 'none' })
        return
      }
      this.#pending = resolve
      try {
        this.#send(statement)
      } catch (error) {
        // The driver does not take everything for a parameter.
        reject(new StrategyFault(`A statement cannot be sent: ${describeThrown(error)}.`))
      }
    })
  }

  #send(statement: Statement): void {
    const prepared = this.#prepare(statement)
    this.#noteEffects(prepared)
    const { text, isPlannable } = prepared
    const done = (error: mysql.QueryError | null, answer: unknown): void => {
      if (error) this.#refused(prepared, error)
      else this.#succeeded(prepared, answer as Answer)
    }
    if (!isPlannable) this.#connection.query(text, done)
    else this.#connection.execute(text, statement.params.map(typed), done)
  }

  #noteEffects(prepared: Prepared): void {
    this.#written.add(prepared.writes)
    if (prepared.isLasting) this.#isDirty = true
    if (prepared.takesUserLock) this.#holdsUserLocks = true
    if (prepared.readsInsertId) this.#readsInsertId = true
    if (prepared.setsTransaction) this.#isArmed = true
    else if (prepared.begins) this.#isArmed = false
  }

  /** A template's text is the same every time, so what it is like is found out once. */
  #prepare(statement: Statement): Prepared {
    const known = this.#prepared.get(statement.parts)
    if (known) return known
    const text = renderStatement(statement, (_, index) => dialect.placeholder(index))
    const prepared = {
      text,
      isPlannable: plannable.test(text) || statement.params.length > 0,
      isLasting: lasting.test(text),
      takesUserLock: userLock.test(text),
      readsInsertId: insertId.test(text),
      setsTransaction: forNextTransaction.test(text),
      begins: beginning.test(text),
      isChanging: changing.test(text),
      writes: writesOf(text),
    }
    this.#prepared.set(statement.parts, prepared)
    return prepared
  }

  #succeeded({ isPlannable }: Prepared, answer: Answer): void {
    if (isHeader(answer)) {
      this.#note(answer.serverStatus)
      this.#settle({
        ok: true,
        rows: [],
        affectedRows: answer.affectedRows,
        transaction: this.#transaction,
      })
      return
    }
    const rows = rowsOf(answer)
    const settle = (): void => {
      const transaction = this.#transaction
      this.#settle({ ok: true, rows, affectedRows: rows.length, transaction })
    }
    // The status that comes with rows is not handed on. A query does not change it, except that it
    // begins a transaction where none is committed by itself; ANALYZE or CALL may do anything.
    if (!isPlannable) this.#askStatus(settle)
    else {
      if (!this.#autocommits) this.#transaction = 'open'
      settle()
    }
  }

  #note(serverStatus: number): void {
    this.#autocommits = (serverStatus & autocommit) !== 0
    this.#transaction = (serverStatus & inTransaction) === 0 ? 'none' : 'open'
  }

  /** Some errors end the whole transaction. The error does not say so, but the next answer does. */
  #refused({ isChanging }: Prepared, thrown: mysql.QueryError): void {
    const error = classify(thrown, this.#kind.classes)
    if (error.errorClass === 'connection lost') {
      this.#lose(error)
      return
    }
    const settle = (): void => {
      this.#settle({ ok: false, error, transaction: this.#transaction })
    }
    if (isChanging && statementOnly.has(error.errorClass)) settle()
    else this.#askStatus(settle)
  }

  #askStatus(then: () => void): void {
    this.#connection.query('DO 0', (failure, answer) => {
      if (failure) {
        this.#lose(classify(failure, this.#kind.classes))
        return
      }
      this.#note((answer as mysql.ResultSetHeader).serverStatus)
      then()
    })
  }

  #settle(outcome: StatementOutcome): void {
    if (this.#losesAnswer && !this.#lost) {
      this.#unheard = outcome
      this.cutOff() // which is when it is settled
      return
    }
    const settle = this.#pending
    this.#pending = undefined
    settle?.(outcome)
  }

  #lose({ code, message }: DatabaseError): void {
    this.#lost ??= new DatabaseError('connection lost', code, message)
    this.#transaction = 'none'
    const wasDone = this.#unheard && { wasDone: this.#unheard.ok }
    this.#settle({ ok: false, error: this.#lost, transaction: 'none', ...wasDone })
    this.#whenLost.resolve()
  }

  takeWrites(): Writes[] {
    const written = [...this.#written]
    this.#written.clear()
    return written
  }

  get isClean(): boolean {
    return !(this.#isDirty || this.#holdsUserLocks || this.#isArmed || this.#readsInsertId)
  }

  async clean(): Promise<void> {
    if (this.#holdsUserLocks) await ask(this.#connection, 'DO RELEASE_ALL_LOCKS()')
    this.#holdsUserLocks = false
    if (this.isClean) return
    this.#isDirty = false
    this.#isArmed = false
    this.#limitsLockWaits = false
    this.#autocommits = true
    await new Promise<void>((done, fail) => {
      this.#connection.reset((error) => (error ? fail(error) : done()))
    })
    for (const setting of this.#settings) await ask(this.#connection, setting)
  }

  async tell(text: string): Promise<void> {
    await ask(this.#connection, text)
  }

  async close(): Promise<void> {
    await disconnect(this.#connection)
  }
}

/** A CALL has a list of answers, of which the first one counts. */
function rowsOf(answer: readonly unknown[]): Row[] {
  const [first] = answer
  const rows = Array.isArray(first) ? (first as readonly Row[]) : (answer as readonly Row[])
  return rows.map((row) => ({ ...row }))
}

const isHeader = (answer: Answer): answer is mysql.ResultSetHeader => !Array.isArray(answer)

/** The driver would send every number as a double, which is not compared as a whole number is. */
function typed(value: SqlValue): mysql.ExecuteValues {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return value
  return mysql.TypedParameter.LONGLONG(value)
}
