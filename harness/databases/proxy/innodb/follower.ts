import type { TransactionState } from '../../engine.ts'
import {
  WireError,
  type FromClient,
  type FromServer,
  type Injection,
  type Passing,
  type WireFollower,
  type WireLimits,
  type WireRequest,
} from '../wire.ts'
import { Conversation } from './conversation.ts'
import { Login } from './login.ts'
import { MessageReader, type Message } from './packets.ts'
import { SessionStatus } from './status.ts'

/** Reads along on one connection to MySQL or MariaDB. */
export class InnodbFollower implements WireFollower {
  readonly #limits: WireLimits
  readonly #client: MessageReader
  readonly #server: MessageReader
  readonly #status = new SessionStatus()
  readonly #login = new Login(this.#status)
  #conversation: Conversation | undefined

  constructor(limits: WireLimits) {
    this.#limits = limits
    this.#client = new MessageReader('client', limits.bytes)
    this.#server = new MessageReader('server', limits.bytes)
  }

  get transaction(): TransactionState {
    return this.#status.transaction
  }

  fromClient(chunk: Buffer): FromClient[] {
    return this.#client
      .read(chunk)
      .map((message) => (this.#conversation ?? this.#login).fromClient(message))
  }

  fromServer(chunk: Buffer): FromServer[] {
    return this.#server.read(chunk).flatMap((message) => this.#takeFromServer(message) ?? [])
  }

  #takeFromServer(message: Message): FromServer | undefined {
    if (this.#conversation) return this.#conversation.fromServer(message)
    const { event, agreed } = this.#login.fromServer(message)
    if (agreed) this.#conversation = new Conversation(this.#limits, this.#status, agreed)
    return event
  }

  sent(message: Passing | WireRequest | Injection): FromServer[] {
    this.#conversation?.sent(message)
    return []
  }

  inject(text: string): Injection {
    if (!this.#conversation) throw new WireError('The server has not let the client in yet.')
    return this.#conversation.inject(text)
  }

  held(): readonly Buffer[] {
    const answered = this.#conversation ? this.#conversation.held : []
    return answered ? [...answered, ...this.#server.held] : []
  }
}
