import type { Socket } from 'node:net'
import type pg from 'pg'
import { DatabaseError } from '../../database-error.ts'
import type { StatementOutcome, TransactionState } from '../../engine.ts'
import { renderStatement, type Statement } from '../../statement.ts'
import type { NumberedSession } from '../base-lane.ts'
import { closerTimeoutMs } from './client.ts'
import { DeadlockClock, untilNobodyLooks } from './deadlock-clock.ts'
import { dialect } from './dialect.ts'
import { classify } from './errors.ts'
import type { Schema } from './schema.ts'
import { stoppedCode } from './stops.ts'

type Settle = (outcome: StatementOutcome) => void

export const states = { I: 'none', T: 'open', E: 'failed' } as const

/** Statements with a plan worth keeping. Anything else is sent as plain text. */
const plannable = /^\s*(select|insert|update|delete|merge|with|values)\b/i
/** What may outlive a transaction in a session, so that the next run would find it. */
export const lasting =
  /advisory|set_config|\btemp(orary)?\b|^\s*(?!\s|(select|insert|update|delete|merge|with|values|begin|start|commit|end|rollback|savepoint|release|lock|set\s+local)\b)/i

/**
 * The lock_timeout of a session whose waits are limited, in milliseconds: short, but long after a session
 * that closes a cycle looks for it. What is a deadlock stays one.
 * Source: PostgreSQL manual, 19.11 "Client Connection Defaults", lock_timeout.
 */
export const lockWaitMs = 50

/** A statement's text, the name it is prepared under, and whether it may leave something behind. */
interface Prepared {
  readonly text: string
  readonly name: string | undefined
  readonly isLasting: boolean
}

/** A session of a lane, whoever has opened it. */
export interface LaneSession extends NumberedSession {
  /** Whether the session may hold something that a run should not inherit. */
  readonly dirty: boolean
  /** Forgets it. Must be called outside a transaction. */
  clean(): Promise<void>
  /** The server says that it waits. */
  isSeenWaiting(): void
  readonly looksInMs: number
  /**
   * The statement that has stopped is about to go on. If others wait for this session, what is left of
   * it may close a cycle.
   *
   * @returns whether it must be the victim then, which is for the caller to see to.
   */
  goesOn(queue: readonly LaneSession[]): Promise<boolean>
}

/** An actor's connection to PostgreSQL. */
export class PostgresSession implements LaneSession {
  /** Its process on the server. */
  readonly id: number
  dirty = false
  readonly #client: pg.Client
  readonly #schema: Schema
  readonly #names = new Map<string, string>()
  #prepared = new WeakMap<readonly string[], Prepared>()
  #cleanings = 0
  readonly #clock = new DeadlockClock()
  #pending: Settle | undefined
  #onStop: (() => void) | undefined
  #lost: DatabaseError | undefined
  readonly #whenLost = Promise.withResolvers<void>()
  /** Whether the connection breaks before the next answer is heard. */
  #losesAnswer = false
  /** The answer that was not heard. */
  #unheard: StatementOutcome | undefined
  #limitsLockWaits = false

  constructor(client: pg.Client, id: number, schema: Schema) {
    this.#client = client
    this.#schema = schema
    this.id = id
    // Without a listener a lost connection would end the whole process.
    client.on('error', (error) => this.#lose(classify(error)))
    client.on('end', () => this.#lose(classify(new Error('the connection was closed'))))
    client.on('notice', ({ code }) => {
      if (code === stoppedCode) this.#onStop?.()
    })
  }

  get transaction(): TransactionState {
    return this.#lost ? 'none' : states[this.#client.getTransactionStatus() ?? 'I']
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  get whenLost(): Promise<void> {
    return this.#whenLost.promise
  }

  cutOff(): void {
    socketOf(this.#client).destroy()
  }

  loseNextAnswer(): void {
    this.#losesAnswer = true
  }

  async limitLockWaits(isLimited: boolean): Promise<void> {
    if (this.transaction === 'failed' || this.isLost) return
    if (!isLimited && !this.#limitsLockWaits) return
    this.#limitsLockWaits = isLimited
    const scope = this.transaction === 'open' ? 'LOCAL' : 'SESSION'
    if (scope === 'SESSION') this.dirty = true
    // Not awaited: it travels in the same packet as the statement that follows.
    this.#client.query(`SET ${scope} lock_timeout = '${isLimited ? lockWaitMs : 0}ms'`, () => {})
  }

  execute(
    statement: Statement,
    queue: readonly LaneSession[],
    onStop?: () => void,
  ): Promise<StatementOutcome> {
    this.#onStop = onStop
    if (queue.length === 0) return this.#execute(statement)
    return this.#volunteerAsVictim(queue).then(() => this.#execute(statement))
  }

  #execute(statement: Statement): Promise<StatementOutcome> {
    return new Promise((resolve) => {
      if (this.#lost) {
        resolve({ ok: false, error: this.#lost, transaction: 'none' })
        return
      }
      this.#pending = resolve
      this.#clock.start()
      this.#send(statement)
    })
  }

  #send(statement: Statement): void {
    const { text, name, isLasting } = this.#prepare(statement)
    if (isLasting || this.#schema.leavesTraces) this.dirty = true
    const values = [...statement.params]
    const query = name === undefined ? { text, values } : { name, text, values }
    this.#client.query(query, (error: Error | null, result: pg.QueryResult) => {
      if (error) this.#refused(error)
      else this.#succeeded(result)
    })
  }

  /** A template's text is the same every time, so what it is like is found out once. */
  #prepare(statement: Statement): Prepared {
    const known = this.#prepared.get(statement.parts)
    if (known) return known
    const text = renderStatement(statement, (_, index) => dialect.placeholder(index))
    const name = plannable.test(text) ? this.#nameOf(text) : undefined
    const prepared = { text, name, isLasting: lasting.test(text) }
    this.#prepared.set(statement.parts, prepared)
    return prepared
  }

  #succeeded(result: pg.QueryResult): void {
    this.#settle({
      ok: true,
      rows: result.rows ?? [],
      affectedRows: result.rowCount ?? 0,
      transaction: this.transaction,
    })
  }

  /**
   * The error arrives before the transaction is rolled back and its locks are released; only
   * ReadyForQuery says that this has happened. After a fatal error it never comes, but `end` does.
   */
  #refused(error: Error): void {
    const classified = classify(error)
    if (classified.errorClass === 'connection lost') {
      this.#lose(classified)
      return
    }
    connectionOf(this.#client).once('readyForQuery', () => {
      this.#settle({ ok: false, error: classified, transaction: this.transaction })
    })
  }

  #settle(outcome: StatementOutcome): void {
    if (this.#losesAnswer && !this.#lost) {
      this.#unheard = outcome
      this.cutOff() // which is when it is settled
      return
    }
    // SET LOCAL ends with its transaction; what SET SESSION did, `clean` undoes.
    if (outcome.transaction === 'none' && !this.dirty) this.#clock.calm()
    const settle = this.#pending
    this.#pending = undefined
    this.#onStop = undefined
    settle?.(outcome)
  }

  #lose({ code, message }: DatabaseError): void {
    this.#lost ??= new DatabaseError('connection lost', code, message)
    const wasDone = this.#unheard && { wasDone: this.#unheard.ok }
    this.#settle({ ok: false, error: this.#lost, transaction: 'none', ...wasDone })
    this.#whenLost.resolve()
  }

  #nameOf(text: string): string {
    let name = this.#names.get(text)
    if (name === undefined) {
      name = `s${this.#cleanings}_${this.#names.size}`
      this.#names.set(text, name)
    }
    return name
  }

  /**
   * Others wait for this session, so its next statement may close a cycle. It then has to be the one
   * that finds the deadlock: it looks at once, and no earlier waiter looks at about that time.
   */
  async #volunteerAsVictim(queue: readonly LaneSession[]): Promise<void> {
    await untilNobodyLooks(queue)
    if (this.transaction === 'failed') return
    const scope = this.transaction === 'open' ? 'LOCAL' : 'SESSION'
    if (scope === 'SESSION') this.dirty = true
    this.#clock.hurry()
    // Not awaited: it travels in the same packet as the statement that follows.
    this.#client.query(`SET ${scope} deadlock_timeout = '${closerTimeoutMs}ms'`, () => {})
  }

  async goesOn(queue: readonly LaneSession[]): Promise<boolean> {
    const mayClose = queue.length > 0
    if (mayClose) {
      await untilNobodyLooks(queue)
      this.#clock.hurry()
    }
    this.#clock.start()
    return mayClose
  }

  isSeenWaiting(): void {
    this.#clock.start()
  }

  get looksInMs(): number {
    return this.#clock.looksInMs
  }

  async clean(): Promise<void> {
    this.dirty = false
    this.#limitsLockWaits = false
    this.#clock.calm()
    // The server forgets its prepared statements too. With new names the driver prepares them anew.
    this.#cleanings += 1
    this.#names.clear()
    this.#prepared = new WeakMap()
    await this.#client.query('DISCARD ALL')
  }

  async tell(text: string): Promise<void> {
    await this.#client.query(text)
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined)
  }
}

interface Wire extends NodeJS.EventEmitter {
  readonly stream: Socket
}

const connectionOf = (client: pg.Client): Wire =>
  (client as unknown as { readonly connection: Wire }).connection

const socketOf = (client: pg.Client): Socket => connectionOf(client).stream
