import { DatabaseFault, type Fault } from '../../errors.ts'
import { DatabaseError } from '../database-error.ts'
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
  /** Whether it was the server who ended it. */
  readonly isEndedByServer: boolean
  /** Whether its loss is a fault of the plan's. */
  readonly isStruck: boolean
}

/** Is told what happens at a door. */
export interface Reception {
  /** A client has a statement to send, which waits until the session executes it. */
  arrived(session: ProxiedSession, statement: Statement): void
  /** The connection is over. */
  left(session: ProxiedSession): void
  /** A session could not be set up, and so is none: the client has lost it. */
  failed(fault: Fault): void
}

/** What sessions through a door do alike on every engine. */
export abstract class WireSession implements ProxiedSession {
  readonly id: number
  readonly #connection: WireConnection
  #response: WireResponse | undefined
  /** Whether the connection breaks before the next answer is heard. */
  #losesAnswer = false
  #isStruck = false

  constructor(connection: WireConnection, id: number) {
    this.#connection = connection
    this.id = id
  }

  abstract limitLockWaits(isLimited: boolean): Promise<void>

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

  get isEndedByServer(): boolean {
    return this.#connection.isEndedByServer
  }

  get isLost(): boolean {
    return this.#connection.isLost
  }

  get whenLost(): Promise<void> {
    return this.#connection.whenLost
  }

  get isStruck(): boolean {
    return this.#isStruck
  }

  expectLoss(): void {
    this.#isStruck = true
    this.#connection.keepLoss()
  }

  cutOff(): void {
    this.#isStruck = true
    this.#connection.cut()
  }

  loseNextAnswer(): void {
    this.#losesAnswer = true
  }

  protected async forward(): Promise<StatementOutcome> {
    const response = await this.#connection.forward()
    if (!response) return this.#lost()
    if (this.#losesAnswer) {
      this.cutOff()
      return { ...this.#lost(), wasDone: response.outcome.ok }
    }
    this.#response = response
    const { outcome } = response
    if (outcome.ok) return outcome
    const error = this.classify(outcome.error)
    const transaction = outcome.transaction ?? (await this.transactionAfterRefusal())
    return { ok: false, error, transaction }
  }

  #lost(): Extract<StatementOutcome, { ok: false }> {
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

  /** @throws {DatabaseFault} when the server refuses it. A connection that is lost is no refusal. */
  async tell(text: string): Promise<void> {
    const outcome = await this.inject(text)
    if (!outcome || outcome.ok) return
    const { message } = outcome.error
    throw new DatabaseFault(
      `The server refused what Lockstep has to set on the application's connections ("${text}"): ${message.replace(/\.$/, '')}.`,
    )
  }

  /** Gives it the settings of its lane: once it is open, and when it has begun anew. */
  abstract settle(): Promise<void>

  deliver(): void {
    const response = this.#response
    this.#response = undefined
    if (response) this.#connection.deliver(response)
    this.#connection.tellLoss()
  }

  close(): Promise<void> {
    this.#connection.close()
    return Promise.resolve()
  }
}
