import mysql from 'mysql2'
import { DatabaseError } from '../../database-error.ts'
import type { StatementOutcome, TransactionState } from '../../engine.ts'
import { renderStatement, type SqlValue, type Statement } from '../../statement.ts'
import type { NumberedSession } from '../base-lane.ts'
import { ask, disconnect, type Answer } from './client.ts'
import { dialect } from './dialect.ts'
import { classify, statementOnly, type ErrorClasses } from './errors.ts'
import { writesOf, type Writes } from './writes.ts'

type Settle = (outcome: StatementOutcome) => void

/** Statements worth preparing. Anything else is sent as plain text. */
const plannable = /^\s*(select|insert|update|delete|replace|with|values)\b/i
/** What may outlive a transaction in a session, so that the next run would find it. */
const lasting =
  /@|:=|^\s*(?!\s|(select|insert|update|delete|replace|with|values|begin|start|commit|rollback|savepoint|release|set\s+transaction|do)\b)/i
/** User-level locks are held until they are released, or the session ends. */
const userLock = /\bget_lock\b/i

/** Flags of the server's status. Source: MySQL manual, "Client/Server Protocol", status flags. */
const inTransaction = 1
const autocommit = 2

/** A statement's text, and what it may leave behind. */
interface Prepared {
  readonly text: string
  readonly isPlannable: boolean
  readonly isLasting: boolean
  readonly takesUserLock: boolean
  readonly writes: Writes
}

/** An actor's connection to MySQL or MariaDB. */
export class InnodbSession implements NumberedSession {
  /** Its number in the process list. */
  readonly id: number
  /** Its number in the performance schema. */
  readonly threadId: number
  /** Whether the session may hold something that a run should not inherit. */
  dirty = false
  holdsUserLocks = false
  readonly #connection: mysql.Connection
  readonly #classes: ErrorClasses
  /** Statements that set the session up. */
  readonly #settings: readonly string[]
  readonly #prepared = new WeakMap<readonly string[], Prepared>()
  /** What was sent since the lane was last reset. */
  readonly #written = new Set<Writes>()
  #transaction: TransactionState = 'none'
  #autocommits = true
  #pending: Settle | undefined
  #lost: DatabaseError | undefined

  private constructor(
    connection: mysql.Connection,
    id: number,
    threadId: number,
    settings: readonly string[],
    classes: ErrorClasses,
  ) {
    this.#connection = connection
    this.id = id
    this.threadId = threadId
    this.#settings = settings
    this.#classes = classes
    connection.on('error', (error) => this.#lose(error.message))
    connection.on('end', () => this.#lose('the connection was closed'))
  }

  /** Takes a connection over and sets it up. */
  static async open(
    connection: mysql.Connection,
    settings: readonly string[],
    classes: ErrorClasses,
  ): Promise<InnodbSession> {
    const { id, threadId } = await identify(connection)
    for (const setting of settings) await ask(connection, setting)
    return new InnodbSession(connection, id, threadId, settings, classes)
  }

  get transaction(): TransactionState {
    return this.#transaction
  }

  // Who closes a circle of waits makes no difference: InnoDB finds it at once, and picks by itself.
  execute(statement: Statement): Promise<StatementOutcome> {
    return new Promise((resolve) => {
      if (this.#lost) {
        resolve({ ok: false, error: this.#lost, transaction: 'none' })
        return
      }
      this.#pending = resolve
      this.#send(statement)
    })
  }

  #send(statement: Statement): void {
    const { text, isPlannable, isLasting, takesUserLock, writes } = this.#prepare(statement)
    this.#written.add(writes)
    if (isLasting) this.dirty = true
    if (takesUserLock) this.holdsUserLocks = true
    const done = (error: mysql.QueryError | null, answer: unknown): void => {
      if (error) this.#refused(error)
      else this.#succeeded(answer as Answer)
    }
    if (!isPlannable) this.#connection.query(text, done)
    else this.#connection.execute(text, statement.params.map(typed), done)
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
      writes: writesOf(text),
    }
    this.#prepared.set(statement.parts, prepared)
    return prepared
  }

  #succeeded(answer: Answer): void {
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
    // The status that comes with rows is not handed on. Reading begins a transaction only where
    // none is committed by itself.
    if (!this.#autocommits) this.#transaction = 'open'
    const rows = answer.map((row) => ({ ...row }))
    this.#settle({
      ok: true,
      rows,
      affectedRows: rows.length,
      transaction: this.#transaction,
    })
  }

  #note(serverStatus: number): void {
    this.#autocommits = (serverStatus & autocommit) !== 0
    this.#transaction = (serverStatus & inTransaction) === 0 ? 'none' : 'open'
  }

  /** Some errors end the whole transaction. The error does not say so, but the next answer does. */
  #refused(thrown: mysql.QueryError): void {
    const error = classify(thrown, this.#classes)
    if (error.errorClass === 'connection lost') {
      this.#lose(error.message)
      return
    }
    if (this.#transaction === 'none' || statementOnly.has(error.errorClass)) {
      this.#settle({ ok: false, error, transaction: this.#transaction })
      return
    }
    this.#connection.query('DO 0', (failure, answer) => {
      if (failure) {
        this.#lose(failure.message)
        return
      }
      this.#note((answer as mysql.ResultSetHeader).serverStatus)
      this.#settle({ ok: false, error, transaction: this.#transaction })
    })
  }

  #settle(outcome: StatementOutcome): void {
    const settle = this.#pending
    this.#pending = undefined
    settle?.(outcome)
  }

  #lose(message: string): void {
    this.#lost ??= new DatabaseError('connection lost', 'none', message)
    this.#transaction = 'none'
    this.#settle({ ok: false, error: this.#lost, transaction: 'none' })
  }

  /** What the statements since the last time may have left in tables. */
  takeWrites(): Writes[] {
    const written = [...this.#written]
    this.#written.clear()
    return written
  }

  /** Forgets what may have outlived the last run. Must be called outside a transaction. */
  async clean(): Promise<void> {
    if (this.holdsUserLocks) await ask(this.#connection, 'DO RELEASE_ALL_LOCKS()')
    this.holdsUserLocks = false
    if (!this.dirty) return
    this.dirty = false
    this.#autocommits = true
    await new Promise<void>((done, fail) => {
      this.#connection.reset((error) => (error ? fail(error) : done()))
    })
    for (const setting of this.#settings) await ask(this.#connection, setting)
  }

  async close(): Promise<void> {
    await disconnect(this.#connection)
  }
}

async function identify(connection: mysql.Connection): Promise<{ id: number; threadId: number }> {
  const [row] = await ask<{ id: number; threadId: number | null }[]>(
    connection,
    'SELECT CONNECTION_ID() AS id, (SELECT THREAD_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID()) AS threadId',
  )
  // Without a performance schema nobody has a number in it, and none is 0.
  return { id: row?.id ?? 0, threadId: row?.threadId ?? 0 }
}

const isHeader = (answer: Answer): answer is mysql.ResultSetHeader => !Array.isArray(answer)

/** The driver would send every number as a double, which is not compared as a whole number is. */
function typed(value: SqlValue): mysql.ExecuteValues {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return value
  return mysql.TypedParameter.LONGLONG(value)
}
