import type { DatabaseError } from '../../database-error.ts'
import type { StatementOutcome, TransactionState } from '../../engine.ts'
import type { WireConnection } from '../../proxy/connection.ts'
import { WireSession } from '../../proxy/session.ts'
import type { WireRefusal } from '../../proxy/wire.ts'
import type { Statement } from '../../statement.ts'
import { closerTimeoutMs } from './client.ts'
import { DeadlockClock, untilNobodyLooks } from './deadlock-clock.ts'
import { fromServer } from './errors.ts'
import { lasting, lockWaitMs, type LaneSession } from './session.ts'

/**
 * What DISCARD ALL does, less what would take a client's prepared statements from it.
 * Source: PostgreSQL manual, "DISCARD".
 */
const discardSql =
  'CLOSE ALL; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES'

/** An application's connection to PostgreSQL. */
export class PostgresWireSession extends WireSession implements LaneSession {
  /** Statement that gives the session the settings of its lane. */
  readonly #setting: string
  readonly #clock = new DeadlockClock()
  #isDirty = false
  #limitsLockWaits = false
  /** Whether it was told to look for deadlocks at once for longer than its transaction. */
  #isHurried = false

  private constructor(connection: WireConnection, id: number, setting: string) {
    super(connection, id)
    this.#setting = setting
  }

  static async open(
    connection: WireConnection,
    id: number,
    settings: Readonly<Record<string, string>>,
  ): Promise<PostgresWireSession> {
    const setting = Object.entries(settings)
      .map(([name, value]) => `SET SESSION ${name} = '${value}'`)
      .join('; ')
    const session = new PostgresWireSession(connection, id, setting)
    await session.tell(setting)
    return session
  }

  async execute(statement: Statement, queue: readonly LaneSession[]): Promise<StatementOutcome> {
    if (mayOutlast(statement)) this.#isDirty = true
    if (queue.length > 0) await this.#volunteerAsVictim(queue)
    this.#clock.start()
    const outcome = await this.forward()
    if (outcome.transaction === 'none' && !this.#isHurried) this.#clock.calm()
    return outcome
  }

  /** See `PostgresSession`. */
  async #volunteerAsVictim(queue: readonly LaneSession[]): Promise<void> {
    await untilNobodyLooks(queue)
    if (this.transaction === 'failed') return
    const scope = this.transaction === 'open' ? 'LOCAL' : 'SESSION'
    if (scope === 'SESSION') this.#isHurried = true
    this.#clock.hurry()
    // Not awaited: it travels ahead of the statement that follows.
    void this.tell(`SET ${scope} deadlock_timeout = '${closerTimeoutMs}ms'`)
  }

  protected classify({ code, message }: WireRefusal): DatabaseError {
    return fromServer(code, message)
  }

  protected transactionAfterRefusal(): Promise<TransactionState> {
    return Promise.resolve(this.transaction)
  }

  get dirty(): boolean {
    return !this.isLost && (this.#isDirty || this.#isHurried)
  }

  async clean(): Promise<void> {
    const text = this.#isDirty ? `${discardSql}; ${this.#setting}` : this.#setting
    this.#isDirty = false
    this.#isHurried = false
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
    await this.tell(`SET ${scope} lock_timeout = '${isLimited ? lockWaitMs : 0}ms'`)
  }

  /** Statements of applications do not stop. */
  goesOn(): Promise<boolean> {
    return Promise.resolve(false)
  }
}

/** Whether it may leave something behind. An application may send several statements in one text. */
const mayOutlast = ({ parts }: Statement): boolean =>
  parts
    .join('?')
    .split(';')
    .some((text) => text.trim() !== '' && lasting.test(text))
