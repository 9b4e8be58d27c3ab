import type { TransactionState } from '../../engine.ts'
import type {
  FromClient,
  FromServer,
  Injection,
  Passing,
  WireFollower,
  WireLimits,
  WireProtocol,
  WireRequest,
} from '../wire.ts'
import { Answer } from './answer.ts'
import { ClientMessages } from './client-messages.ts'
import { beginsTransaction, endsWithReady, expectedOf, type Answered } from './expected.ts'
import { injectionOf } from './injection.ts'
import { ServerMessages } from './server-messages.ts'
import { Templates } from './templates.ts'
import { postgresRefusal } from './refusal.ts'

/** Version 3 of PostgreSQL's protocol. Source: PostgreSQL manual, chapter 54 "Frontend/Backend Protocol". */
export const postgresWire: WireProtocol = {
  follow: (limits) => new PostgresFollower(limits),
  refusal: postgresRefusal,
  // At the default port, which need not be said. Source: PostgreSQL manual, 34.1.2 "Parameter Key Words", host.
  socketName: '.s.PGSQL.5432',
}

/** Of all connections: they have many texts in common. */
const templates = new Templates()

class PostgresFollower implements WireFollower {
  readonly #limits: WireLimits
  readonly #client: ClientMessages
  readonly #server: ServerMessages
  /** Whether a transaction may be open that ends with Sync. */
  #isUnsynced = false

  constructor(limits: WireLimits) {
    this.#limits = limits
    this.#server = new ServerMessages(limits)
    this.#client = new ClientMessages(limits, templates, () => this.#server.isReady)
  }

  get transaction(): TransactionState {
    return this.#server.transaction
  }

  fromClient(chunk: Buffer): readonly FromClient[] {
    return this.#client.read(chunk)
  }

  fromServer(chunk: Buffer): readonly FromServer[] {
    return this.#server.read(chunk)
  }

  held(): readonly Buffer[] {
    return this.#server.held()
  }

  sent(message: Passing | WireRequest | Injection): readonly FromServer[] {
    const expected = expectedOf(message)
    const last = expected.findLast((each) => endsWithReady(each) || beginsTransaction(each))
    if (last) this.#isUnsynced = !endsWithReady(last)
    if (message.kind !== 'pass') {
      const isInjected = message.kind === 'injection'
      const answer = new Answer(isInjected, expected.length, this.#limits.bytes)
      return this.#server.expect(expected, answer)
    }
    return message.isPartOfRequest
      ? this.#server.expectCopy(expected)
      : this.#server.expect(expected)
  }

  inject(text: string): Answered<Injection> {
    const { bytes, expected } = injectionOf(text, this.#isUnsynced || this.#server.isPassingOver)
    return { kind: 'injection', bytes: [bytes], expected }
  }
}
