import { DatabaseFault } from '../../../errors.ts'
import type { DatabaseError } from '../../database-error.ts'
import type { StatementOutcome, TransactionState } from '../../engine.ts'
import type { WireConnection } from '../../proxy/connection.ts'
import { WireSession } from '../../proxy/session.ts'
import type { WireRefusal } from '../../proxy/wire.ts'
import type { Statement } from '../../statement.ts'
import { closerTimeoutMs } from './client.ts'
import { DeadlockClock, untilNobodyLooks } from './deadlock-clock.ts'
import { fromServer } from './errors.ts'
import type { Schema } from './schema.ts'
import { lasting, lockWaitMs, type LaneSession } from './session.ts'
import { SetUp } from './set-up.ts'

/**
 * What DISCARD ALL does, less what would take a client's prepared statements from it. The lane's settings
 * are those of its database, so that they are what a session begins with and goes back to.
 * Source: PostgreSQL manual, "DISCARD" and "ALTER DATABASE".
 */
const discardSql =
  'RESET SESSION AUTHORIZATION; RESET ROLE; CLOSE ALL; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES'

/** An application's connection to PostgreSQL. */
export class PostgresWireSession extends WireSession implements LaneSession {
  readonly #schema: Schema
  readonly #setUp = new SetUp()
  readonly #clock = new DeadlockClock()
  #isDirty = false
  #limitsLockWaits = false
  /** Whether it was told to look for deadlocks at once for longer than its transaction. */
  #isHurried = false
  /** Whether the waits of more than a transaction were limited. */
  #isLimited = false
  /** Why it is not known what the client has set. */
  #unread: DatabaseFault | undefined

  constructor(connection: WireConnection, id: number, schema: Schema) {
    super(connection, id)
    this.#schema = schema
  }

  /** Nothing: it is its database that has the settings. */
  settle(): Promise<void> {
    return Promise.resolve()
  }

  execute(statement: Statement, queue: readonly LaneSession[]): Promise<StatementOutcome> {
    const isInside = this.transaction !== 'none'
    if (this.#setUp.mustReadBefore(statement, this.#schema.names, isInside)) {
      return this.#readSettings().then(() => this.#executeAfter(statement, queue))
    }
    return this.#executeAfter(statement, queue)
  }

  #executeAfter(statement: Statement, queue: readonly LaneSession[]): Promise<StatementOutcome> {
    this.#noteEffects(statement)
    if (queue.length === 0) return this.#execute()
    return this.#volunteerAsVictim(queue).then(() => this.#execute())
  }

  async #execute(): Promise<StatementOutcome> {
    this.#clock.start()
    const outcome = await this.forward()
    if (outcome.transaction === 'none' && !this.#isHurried) this.#clock.calm()
    return outcome
  }

  #noteEffects(statement: Statement): void {
    const isLasting = mayOutlast(statement)
    this.#setUp.note(statement, isLasting, this.#schema.names)
    if (isLasting || this.#schema.leavesTraces) this.#isDirty = true
  }

  /** See `SetUp`. Whoever cleans the session hears of it if they cannot be read. */
  async #readSettings(): Promise<void> {
    const ownForAWhile = [
      ...(this.#isHurried ? (['deadlock_timeout'] as const) : []),
      ...(this.#isLimited ? (['lock_timeout'] as const) : []),
    ]
    const outcome = await this.inject(this.#setUp.question(ownForAWhile))
    if (outcome?.ok) this.#setUp.keep(String(outcome.rows[0]?.['kept']))
    else if (outcome) this.#unread = unread(outcome.error)
  }

  /** See `PostgresSession`. */
  async #volunteerAsVictim(queue: readonly LaneSession[]): Promise<void> {
    await untilNobodyLooks(queue)
    if (this.transaction === 'failed') return
    const scope = this.transaction === 'open' ? 'LOCAL' : 'SESSION'
    if (scope === 'SESSION') this.#isHurried = true
    this.#clock.hurry()
    // Not awaited: it travels ahead of the statement that follows.
    void this.inject(`SET ${scope} deadlock_timeout = '${closerTimeoutMs}ms'`)
  }

  protected classify({ code, message }: WireRefusal): DatabaseError {
    return fromServer(code, message)
  }

  protected transactionAfterRefusal(): Promise<TransactionState> {
    return Promise.resolve(this.transaction)
  }

  get dirty(): boolean {
    return !this.isLost && (this.#isDirty || this.#isHurried || this.#isLimited)
  }

  async clean(): Promise<void> {
    if (this.#setUp.mustRead) await this.#readSettings()
    this.#setUp.end()
    const unread = this.#unread
    this.#unread = undefined
    if (unread) throw unread
    const isSimple = !this.#isDirty && !this.#setUp.keepsSomething
    const forget = isSimple ? 'RESET deadlock_timeout; RESET lock_timeout' : discardSql
    const text = [forget, ...this.#setUp.restoration].join('; ')
    this.#isDirty = false
    this.#isHurried = false
    this.#isLimited = false
    this.#limitsLockWaits = false
    this.#clock.calm()
    await this.tell(text)
  }

  isSeenWaiting(): void {
    this.#clock.start()
  }

  get looksInMs(): number {
    return this.#clock.looksInMs
  }

  async limitLockWaits(isLimited: boolean): Promise<void> {
    if (this.transaction === 'failed' || this.isLost) return
    if (!isLimited && !this.#limitsLockWaits) return
    this.#limitsLockWaits = isLimited
    const scope = this.transaction === 'open' ? 'LOCAL' : 'SESSION'
    if (scope === 'SESSION') this.#isLimited = true
    await this.tell(`SET ${scope} lock_timeout TO ${isLimited ? `'${lockWaitMs}ms'` : 'DEFAULT'}`)
  }

  /** Statements of applications do not stop. */
  goesOn(): Promise<boolean> {
    return Promise.resolve(false)
  }
}

const unread = ({ message }: WireRefusal): DatabaseFault =>
  new DatabaseFault(
    `The server does not say what the application has set on its new connection: ${message.replace(/\.$/, '')}.`,
  )

/** Of texts by their parts, which are the same object each time. */
const outlasting = new WeakMap<readonly string[], boolean>()

/** Whether it may leave something behind. */
function mayOutlast({ parts }: Statement): boolean {
  const known = outlasting.get(parts)
  if (known !== undefined) return known
  const found = findOutlasting(parts)
  outlasting.set(parts, found)
  return found
}

/** An application may send several statements in one text. */
const findOutlasting = (parts: readonly string[]): boolean =>
  parts
    .join('?')
    .split(';')
    .some((text) => text.trim() !== '' && lasting.test(text))
