import { DatabaseError } from '../database-error.ts'
import { HarnessFault } from '../../errors.ts'
import type { ActorSession, StatementOutcome, TransactionState } from '../engine.ts'
import type { Statement } from '../statement.ts'
import type { WireConnection } from './connection.ts'
import type { WireOutcome, WireRefusal, WireResponse } from './wire.ts'

/**
 * A session that a client of its own keeps, through a door of Lockstep's. Its statements come from the
 * client: `execute` sends the one that has arrived, and none other.
 */
export interface ProxiedSession extends ActorSession {
  /** Hands the answer to what was executed last on to the client. */
  deliver(): void
  /** Why it was ended, if what came over it was not the protocol. */
  readonly protocolError: string | undefined
}

/** Is told what happens at a door. */
export interface Reception {
  /** A client has a statement to send, which waits until the session executes it. */
  arrived(session: ProxiedSession, statement: Statement): void
  /** The connection is over. */
  left(session: ProxiedSession): void
}

const notStruck = (): HarnessFault =>
  new HarnessFault('Faults cannot be struck on the connections of applications.')

/** What sessions through a door do alike on every engine. */
export abstract class WireSession implements ProxiedSession {
  readonly id: number
  readonly #connection: WireConnection
  #response: WireResponse | undefined

  constructor(connection: WireConnection, id: number) {
    this.#connection = connection
    this.id = id
  }

  abstract execute(statement: Statement, queue: readonly ActorSession[]): Promise<StatementOutcome>

  /** The server's refusal, with the class it has on every engine. */
  protected abstract classify(refusal: WireRefusal): DatabaseError

  /** The transaction's state after a refusal that does not say. */
  protected abstract transactionAfterRefusal(): Promise<TransactionState>

  get transaction(): TransactionState {
    return this.#connection.transaction
  }

  get protocolError(): string | undefined {
    return this.#connection.error?.message
  }

  get isLost(): boolean {
    return this.isClosed
  }

  loseNextAnswer(): void {
    throw notStruck()
  }

  limitLockWaits(): Promise<void> {
    return Promise.reject(notStruck())
  }

  cutOff(): void {
    throw notStruck()
  }

  get whenLost(): Promise<void> {
    return Promise.reject(notStruck())
  }

  protected get isClosed(): boolean {
    return this.#connection.isClosed
  }

  protected async forward(): Promise<StatementOutcome> {
    const response = await this.#connection.forward()
    if (!response) return this.#lost()
    this.#response = response
    const { outcome } = response
    if (outcome.ok) return outcome
    const error = this.classify(outcome.error)
    const transaction = outcome.transaction ?? (await this.transactionAfterRefusal())
    return { ok: false, error, transaction }
  }

  #lost(): StatementOutcome {
    const message = this.protocolError ?? 'the connection was closed'
    return {
      ok: false,
      error: new DatabaseError('connection lost', 'none', message),
      transaction: 'none',
    }
  }

  protected inject(text: string): Promise<WireOutcome | undefined> {
    return this.#connection.inject(text)
  }

  async tell(text: string): Promise<void> {
    await this.inject(text)
  }

  deliver(): void {
    const response = this.#response
    this.#response = undefined
    if (response) this.#connection.deliver(response)
  }

  close(): Promise<void> {
    this.#connection.close()
    return Promise.resolve()
  }
}
