import { WireError, type FromServer, type Passing } from '../wire.ts'
import { checkAuthentication } from './answers.ts'
import type { Capabilities } from './capabilities.ts'
import { readGreeting, readLogin, type Greeting } from './greeting.ts'
import { checkSequence, type Message, type Side } from './packets.ts'
import { isError, isOk, readEnd, type SessionStatus } from './status.ts'

/**
 * How a connection is opened. Whether the server lets the client in is between the two of them.
 * Source: MySQL Internals Manual, "Connection Phase".
 */
export class Login {
  readonly #status: SessionStatus
  #greeting: Greeting | undefined
  #agreed: Capabilities | undefined
  #isRefused = false
  /** The number of the next packet, whoever sends it. */
  #due = 0

  constructor(status: SessionStatus) {
    this.#status = status
  }

  fromClient(message: Message): Passing {
    if (this.#isRefused)
      throw new WireError('The client goes on, though the server has refused it.')
    if (!this.#greeting) throw new WireError('The client spoke before the server had greeted it.')
    this.#count('client', message)
    this.#agreed ??= readLogin(message, this.#greeting.offers)
    return { kind: 'pass', bytes: message.bytes, isPartOfRequest: false }
  }

  /** @returns also what both have agreed on, once the session is open */
  fromServer(message: Message): { readonly event: FromServer; readonly agreed?: Capabilities } {
    const { payload, bytes } = message
    if (isError(payload)) {
      this.#isRefused = true
      return { event: { kind: 'pass', bytes } }
    }
    this.#count('server', message)
    if (!this.#greeting) return this.#greet(message)
    if (!this.#agreed) throw new WireError('The server did not wait for an answer to its greeting.')
    if (!isOk(payload)) {
      checkAuthentication(payload)
      return { event: { kind: 'pass', bytes } }
    }
    this.#status.note(readEnd(payload).status)
    return { event: { kind: 'ready', id: this.#greeting.id, bytes }, agreed: this.#agreed }
  }

  #greet(message: Message): { readonly event: FromServer } {
    const greeting = readGreeting(message)
    this.#greeting = greeting
    return { event: { kind: 'pass', bytes: greeting.bytes } }
  }

  #count(side: Side, message: Message): void {
    checkSequence(side, message, this.#due)
    this.#due = message.next
  }
}
