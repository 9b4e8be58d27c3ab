import type { DatabaseError } from '../../database-error.ts'
import type { StatementOutcome, TransactionState } from '../../engine.ts'
import type { WireConnection } from '../../proxy/connection.ts'
import { WireSession } from '../../proxy/session.ts'
import type { WireRefusal } from '../../proxy/wire.ts'
import { renderStatement, type Statement } from '../../statement.ts'
import type { SessionNumbers } from './client.ts'
import { fromServer } from './errors.ts'
import { longLockWaits, userLock, type LaneSession, type SessionKind } from './session.ts'
import { writesOf, type Writes } from './writes.ts'

/** What a text may leave behind. */
interface Effects {
  readonly writes: Writes
  readonly takesUserLock: boolean
}

/** As histories show the commands that begin a session anew. */
const renewal = /\/\* COM_(?:RESET_CONNECTION|CHANGE_USER) \*\/$/

/** A text of several statements, which only begins with what it looks like. */
const several = /;\s*\S/

/** An application's connection to MySQL or MariaDB. */
export class InnodbWireSession extends WireSession implements LaneSession {
  readonly threadId: number
  readonly #kind: SessionKind
  /** Statements that set the session up. */
  readonly #settings: readonly string[]
  #limitsLockWaits = false
  readonly #effects = new WeakMap<readonly string[], Effects>()
  /** What was sent since the lane was last reset. */
  readonly #written = new Set<Writes>()
  #holdsUserLocks = false

  constructor(
    connection: WireConnection,
    { id, threadId }: SessionNumbers,
    settings: readonly string[],
    kind: SessionKind,
  ) {
    super(connection, id)
    this.threadId = threadId
    this.#settings = settings
    this.#kind = kind
  }

  async settle(): Promise<void> {
    this.#limitsLockWaits = false
    for (const setting of this.#settings) await this.tell(setting)
  }

  async execute(statement: Statement): Promise<StatementOutcome> {
    const { writes, takesUserLock } = this.#effectsOf(statement)
    this.#written.add(writes)
    if (takesUserLock) this.#holdsUserLocks = true
    const outcome = await this.forward()
    if (renewal.test(statement.parts[0] ?? '')) await this.settle()
    return outcome
  }

  #effectsOf(statement: Statement): Effects {
    const known = this.#effects.get(statement.parts)
    if (known) return known
    const text = renderStatement(statement, () => '?')
    const effects = {
      writes: several.test(text) ? ({ kind: 'anything' } as const) : writesOf(text),
      takesUserLock: userLock.test(text),
    }
    this.#effects.set(statement.parts, effects)
    return effects
  }

  protected classify({ number = 0, message }: WireRefusal): DatabaseError {
    return fromServer(number, message, this.#kind.classes)
  }

  /** Some errors end the whole transaction. The error does not say so, but the next answer does. */
  protected async transactionAfterRefusal(): Promise<TransactionState> {
    const outcome = await this.inject('DO 0')
    return outcome?.ok ? outcome.transaction : 'none'
  }

  takeWrites(): Writes[] {
    const written = [...this.#written]
    this.#written.clear()
    return written
  }

  get isClean(): boolean {
    return this.isLost || !(this.#holdsUserLocks || this.#limitsLockWaits)
  }

  /** What an application keeps in sessions of its own it finds again there, as it does in its own pool. */
  async clean(): Promise<void> {
    if (this.#holdsUserLocks) await this.tell('DO RELEASE_ALL_LOCKS()')
    this.#holdsUserLocks = false
    await this.limitLockWaits(false)
  }

  async limitLockWaits(isLimited: boolean): Promise<void> {
    if (isLimited === this.#limitsLockWaits || this.isLost) return
    this.#limitsLockWaits = isLimited
    await this.tell(isLimited ? this.#kind.shortLockWaits : longLockWaits)
  }
}
