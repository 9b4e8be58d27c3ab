import {
  WireError,
  type FromClient,
  type Passing,
  type WireLimits,
  type WireRequest,
} from '../wire.ts'
import { ByteRun } from './byte-run.ts'
import type { Answered, Expected } from './expected.ts'
import { MessageBody } from './message-body.ts'
import { sentBy, type ClientType } from './message-names.ts'
import { MessageReader, type WireMessage } from './message-reader.ts'
import { readOpening } from './opening.ts'
import { PreparedNames } from './prepared.ts'
import type { BoundText, Templates } from './templates.ts'

/** Messages that a client may send without asking for an answer. */
const mostMessages = 100_000

/** How far the client has come. Once it has taken its leave, nothing may follow. */
type Phase = 'opening' | 'authenticating' | 'open' | 'over'

/**
 * Where the client is in a COPY of its rows, as far as what it sends shows that. It may still send rows when
 * the server has refused them.
 */
type CopyPhase = 'none' | 'rows' | 'ended'

/**
 * Makes requests of what the client sends: a simple query is one, and of the extended protocol whatever is
 * sent until an answer is asked for. Where nothing in it is executed, it only prepares something.
 * Source: PostgreSQL manual, 54.2 "Message Flow".
 */
export class ClientMessages {
  readonly #limits: WireLimits
  readonly #templates: Templates
  readonly #reader: MessageReader<'client'>
  readonly #names: PreparedNames
  readonly #isReady: () => boolean
  #phase: Phase = 'opening'
  #copy: CopyPhase = 'none'
  /** What has come and not been asked an answer for. */
  readonly #bytes = new ByteRun()
  /** Rows of a COPY, of which those that came together are passed on together. */
  readonly #rows = new ByteRun()
  #messages: Expected[] = []
  #bound: BoundText[] = []
  /** Whether something was executed that Sync has not followed: so it is not committed. */
  #isUnsynced = false
  #results: FromClient[] = []

  /** @param isReady whether the server has let the client in */
  constructor(limits: WireLimits, templates: Templates, isReady: () => boolean) {
    this.#limits = limits
    this.#templates = templates
    this.#isReady = isReady
    this.#reader = new MessageReader('client', limits.bytes, false)
    this.#names = new PreparedNames(limits.bytes)
  }

  /** See {@link WireFollower.fromClient}. */
  read(chunk: Buffer): readonly FromClient[] {
    if (this.#phase === 'authenticating' && this.#isReady()) this.#phase = 'open'
    this.#results = []
    this.#reader.read(chunk, (message) => this.#takeInOrder(message))
    this.#passRowsOn()
    return this.#results
  }

  #takeInOrder(message: WireMessage<ClientType>): void {
    if (message.type === 'd' && this.#phase === 'open') {
      this.#takeRow(message.bytes)
      return
    }
    this.#passRowsOn()
    this.#take(message)
  }

  #take(message: WireMessage<ClientType>): void {
    switch (this.#phase) {
      case 'opening':
        this.#open(message)
        break
      case 'authenticating':
        this.#authenticate(message)
        break
      case 'open':
        this.#ask(message)
        break
      case 'over':
        throw new WireError(`The client sent more after it had taken its leave.`)
    }
  }

  #open(message: WireMessage<ClientType>): void {
    const { bytes } = message
    switch (readOpening(new MessageBody('client', message))) {
      case 'encryption':
        this.#results.push({ kind: 'answer', bytes: Buffer.from('N') })
        break
      case 'cancel':
        this.#phase = 'over'
        this.#results.push({ kind: 'cancel', bytes: [bytes] })
        break
      case 'startup':
        this.#phase = 'authenticating'
        this.#reader.isTyped = true
        this.#bytes.add(bytes)
        this.#pass([{ kind: 'startup' }])
        break
    }
  }

  #authenticate({ type, bytes }: WireMessage<ClientType>): void {
    if (type !== 'p' && type !== 'X') {
      throw new WireError(`${sentBy('client', type)} before the server had let it in.`)
    }
    this.#bytes.add(bytes)
    if (type === 'X') this.#phase = 'over'
    this.#pass([])
  }

  #ask(message: WireMessage<ClientType>): void {
    const { type, bytes } = message
    if (this.#isAfterCopy(type)) {
      this.#continueCopy(type, bytes)
      return
    }
    this.#copy = 'none'
    const body = new MessageBody('client', message)
    this.#bytes.add(bytes)
    this.#collect(type ?? '', body)
    this.#limit()
  }

  #collect(type: string, body: MessageBody): void {
    switch (type) {
      case 'Q':
        this.#bound.push({ text: body.string(), values: [] })
        body.end()
        this.#names.forgetUnnamed()
        this.#finish({ kind: 'query' })
        break
      case 'F':
        this.#bound.push({ text: `function call ${body.uint32()}`, values: [] })
        this.#finish({ kind: 'function call' })
        break
      case 'P':
        this.#messages.push({ kind: 'parse', definition: this.#names.parse(body) })
        break
      case 'B':
        this.#names.bind(body)
        this.#messages.push({ kind: 'bind' })
        break
      case 'D':
        this.#messages.push(this.#names.describe(body))
        break
      case 'E': {
        const { portal, bound } = this.#names.execute(body)
        this.#bound.push(bound)
        this.#messages.push({ kind: 'execute', portal, text: bound.text })
        break
      }
      case 'C':
        this.#messages.push({ kind: 'close', definition: this.#names.close(body) })
        break
      case 'S':
        body.end()
        this.#synchronise()
        break
      case 'H':
        body.end()
        if (this.#bound.length > 0) this.#isUnsynced = true
        this.#deliver()
        break
      case 'X':
        body.end()
        this.#phase = 'over'
        this.#messages.push({ kind: 'farewell' })
        this.#deliver()
        break
      default:
        throw new WireError('The client answered a request for authentication when there was none.')
    }
  }

  /** Sync commits what was executed before it without one. That is a step too. */
  #synchronise(): void {
    if (this.#isUnsynced && this.#bound.length === 0) {
      this.#bound.push({ text: 'sync', values: [] })
    }
    this.#finish({ kind: 'sync' })
  }

  #finish(last: Expected): void {
    this.#isUnsynced = false
    this.#messages.push(last)
    this.#deliver()
  }

  /** What has come is a request, or prepares one. */
  #deliver(): void {
    const messages = this.#messages
    this.#messages = []
    const bound = this.#bound
    this.#bound = []
    if (bound.length === 0) {
      this.#pass(messages)
      return
    }
    const statement = this.#templates.statementOf(bound)
    this.#add({ kind: 'request', statement, bytes: this.#bytes.take(), expected: messages })
  }

  #pass(expected: readonly Expected[], isPartOfRequest = false): void {
    this.#add({ kind: 'pass', bytes: this.#bytes.take(), isPartOfRequest, expected })
  }

  #add(result: Answered<Passing | WireRequest>): void {
    this.#results.push(result)
  }

  #takeRow(bytes: Buffer): void {
    this.#beginCopy()
    this.#copy = 'rows'
    this.#rows.add(bytes)
  }

  #passRowsOn(): void {
    if (this.#rows.length === 0) return
    this.#add({ kind: 'pass', bytes: this.#rows.take(), isPartOfRequest: true, expected: [] })
  }

  /** Whoever sends rows has executed a COPY, and need not have asked for an answer. */
  #beginCopy(): void {
    if (this.#bytes.length > 0) this.#deliver()
  }

  /**
   * Whether it belongs to a COPY. The server does not mind Sync and Flush among the rows, and after them
   * one of these is what it waits for.
   */
  #isAfterCopy(type: ClientType | undefined): boolean {
    if (type === 'c' || type === 'f') return true
    return this.#copy !== 'none' && (type === 'S' || type === 'H')
  }

  #continueCopy(type: ClientType | undefined, bytes: Buffer): void {
    this.#beginCopy()
    this.#bytes.add(bytes)
    if (type === 'S') {
      if (this.#copy === 'ended') this.#copy = 'none'
      this.#isUnsynced = false
      this.#pass([{ kind: 'sync' }], true)
    } else if (type === 'H') {
      this.#pass([], true)
    } else {
      this.#copy = 'ended'
      this.#pass([{ kind: 'end of copy' }], true)
    }
  }

  #limit(): void {
    const { bytes } = this.#limits
    if (this.#bytes.length > bytes) {
      throw new WireError(`The client sent more than ${bytes} bytes without asking for an answer.`)
    }
    if (this.#messages.length > mostMessages) {
      throw new WireError(
        `The client sent more than ${mostMessages} messages without asking for an answer.`,
      )
    }
  }
}
