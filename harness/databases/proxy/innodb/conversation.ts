import type { Statement } from '../../statement.ts'
import {
  WireError,
  type FromServer,
  type Injection,
  type Passing,
  type WireLimits,
  type WireRequest,
} from '../wire.ts'
import {
  Acknowledgement,
  Authentication,
  Information,
  Listing,
  Preparation,
  Results,
  type Answer,
  type Counting,
} from './answers.ts'
import { has, queryAttributes, type Capabilities } from './capabilities.ts'
import { readBinaryRow, readTextRow, type ReadRow } from './columns.ts'
import { commands } from './commands.ts'
import { checkSequence, joined, packetOf, type Message } from './packets.ts'
import { readParameters } from './parameters.ts'
import { PayloadReader } from './payload.ts'
import { asksForUnits, PreparedStatements } from './prepared.ts'
import { isError, type SessionStatus } from './status.ts'
import { plainStatement, textOf } from './texts.ts'

/** A command that was sent, or will be, and its answer. */
interface Exchange {
  /** `renewal`: passed on, and when it is answered the session has begun anew. */
  readonly kind: 'pass' | 'renewal' | 'request' | 'injection'
  readonly answer: Answer
  /** The number of the server's next packet. */
  due: number
  /** What of the answer is held back, and how much that is. */
  readonly held: Buffer[]
  heldBytes: number
}

/** What it means that bytes are sent. */
type Plan =
  | { readonly kind: 'begins'; readonly exchange: Exchange }
  /** A word of the client's in the middle of an exchange. */
  | { readonly kind: 'goes on'; readonly exchange: Exchange; readonly next: number }

/** What ends a transaction without saying so, as the server takes it. */
const undoing = {
  reset: 'ROLLBACK /* COM_RESET_CONNECTION */',
  changeUser: 'ROLLBACK /* COM_CHANGE_USER */',
} as const

/** A procedure's results are those of one statement. */
const calling = /^\s*(?:\/\*.*?\*\/\s*)*call\b/is

/**
 * Commands and their answers, once a session is open. Each command begins anew to count its packets, and
 * answers come in the order in which the commands were sent.
 * Source: MySQL Internals Manual, "Command Phase".
 */
export class Conversation {
  readonly #limits: WireLimits
  readonly #status: SessionStatus
  readonly #agreed: Capabilities
  readonly #statements: PreparedStatements
  readonly #plans = new WeakMap<Passing | WireRequest | Injection, Plan>()
  /** Sent, and not answered in full. */
  readonly #exchanges: Exchange[] = []
  /** Requests that the client has sent and that are not answered, whether the server has them or not. */
  #requests = 0

  constructor(limits: WireLimits, status: SessionStatus, agreed: Capabilities) {
    this.#limits = limits
    this.#status = status
    this.#agreed = agreed
    this.#statements = new PreparedStatements(limits.bytes)
  }

  /** What belongs to the client of an answer that is not whole; undefined when it hears nothing of it. */
  get held(): readonly Buffer[] | undefined {
    const [exchange] = this.#exchanges
    return exchange?.kind === 'injection' ? undefined : (exchange?.held ?? [])
  }

  fromClient(message: Message): Passing | WireRequest {
    if (message.sequence !== 0) return this.#goesOn(message)
    const { payload } = message
    const [command] = payload
    switch (command) {
      case undefined:
        throw new WireError('The client sent an empty packet where a command was due.')
      case commands.query:
        return this.#query(message)
      case commands.execute:
        return this.#execution(message)
      case commands.bulkExecute:
        return this.#bulk(message)
      case commands.prepare:
        return this.#passes(message, this.#preparation(payload))
      case commands.sendLongData:
        this.#statements.addLong(payload)
        return this.#passes(message)
      case commands.close:
        this.#statements.close(payload)
        return this.#passes(message)
      case commands.reset:
        this.#statements.reset(payload)
        return this.#passes(message, new Acknowledgement(this.#status))
      case commands.fetch:
      case commands.fieldList:
        return this.#passes(message, new Listing(this.#status, this.#agreed))
      case commands.statistics:
        return this.#passes(message, new Information(this.#status))
      case commands.ping:
      case commands.initDb:
      case commands.setOption:
      case commands.processKill:
        return this.#passes(message, new Acknowledgement(this.#status))
      case commands.resetConnection:
        return this.#undoes(message, undoing.reset, new Acknowledgement(this.#status))
      case commands.changeUser:
        return this.#undoes(message, undoing.changeUser, new Authentication(this.#status))
      case commands.quit:
        return this.#passes(message)
      default:
        throw new WireError(
          `The client sent command ${command}, which is not one that can be followed.`,
        )
    }
  }

  #query(message: Message): WireRequest {
    const reader = new PayloadReader(message.payload, "The client's COM_QUERY", 1)
    if (this.#named) skipAttributes(reader)
    return this.#results(message, plainStatement(textOf(reader.rest())), readTextRow)
  }

  #execution(message: Message): WireRequest {
    const statement = this.#statements.execution(message.payload, this.#reading)
    return this.#results(message, statement, readBinaryRow)
  }

  #bulk(message: Message): WireRequest {
    const { payload } = message
    const statement = this.#statements.bulkExecution(payload, this.#reading)
    return this.#results(
      message,
      statement,
      readBinaryRow,
      asksForUnits(payload) ? 'units' : 'last',
    )
  }

  #preparation(payload: Buffer): Answer {
    const prepared = this.#statements.add(textOf(payload.subarray(1)))
    return new Preparation(this.#status, this.#agreed, this.#statements, prepared)
  }

  get #named(): boolean {
    return has(this.#agreed.common, queryAttributes)
  }

  get #reading(): { readonly escapes: boolean; readonly named: boolean } {
    return { escapes: this.#status.escapesWithBackslash, named: this.#named }
  }

  #results(
    message: Message,
    statement: Statement,
    readRow: ReadRow,
    counting: Counting = calling.test(statement.parts[0] ?? '') ? 'first' : 'last',
  ): WireRequest {
    const answer = new Results(this.#status, this.#agreed, readRow, counting)
    return this.#asks(message, statement, answer)
  }

  #asks(message: Message, statement: Statement, answer: Answer): WireRequest {
    const request: WireRequest = { kind: 'request', statement, bytes: message.bytes }
    this.#begins(request, 'request', answer, message.next)
    this.#requests++
    return request
  }

  /** Most commands are no steps. Some are not answered at all. */
  #passes(message: Message, answer?: Answer, kind: 'pass' | 'renewal' = 'pass'): Passing {
    const passing: Passing = { kind: 'pass', bytes: message.bytes, isPartOfRequest: false }
    if (answer) this.#begins(passing, kind, answer, message.next)
    return passing
  }

  /** The session begins anew. Others see it when a transaction ends, so then it is a step. */
  #undoes(message: Message, text: string, answer: Answer): Passing | WireRequest {
    this.#statements.clear()
    const isIdle = this.#requests === 0 && this.#status.transaction === 'none'
    return isIdle
      ? this.#passes(message, answer, 'renewal')
      : this.#asks(message, plainStatement(text), answer)
  }

  #begins(
    sent: Passing | WireRequest | Injection,
    kind: Exchange['kind'],
    answer: Answer,
    due: number,
  ): void {
    const exchange: Exchange = { kind, answer, due, held: [], heldBytes: 0 }
    this.#plans.set(sent, { kind: 'begins', exchange })
  }

  /** Whatever is no beginning answers a question of the server's. */
  #goesOn(message: Message): Passing {
    const [exchange] = this.#exchanges
    if (!(exchange?.answer instanceof Authentication && exchange.answer.awaitsClient)) {
      throw new WireError(
        `The client sent packet ${message.sequence} where packet 0 was due, which begins a command.`,
      )
    }
    checkSequence('client', message, exchange.due)
    exchange.answer.awaitsClient = false
    const isPartOfRequest = exchange.kind === 'request'
    const passing: Passing = { kind: 'pass', bytes: message.bytes, isPartOfRequest }
    this.#plans.set(passing, { kind: 'goes on', exchange, next: message.next })
    return passing
  }

  inject(text: string): Injection {
    // Where attributes are agreed on, it has to say that it has none, in one set.
    const attributes = this.#named ? [0, 1] : []
    const payload = Buffer.concat([Buffer.from([commands.query, ...attributes]), Buffer.from(text)])
    const injection: Injection = { kind: 'injection', bytes: [packetOf(0, payload)] }
    const answer = new Results(this.#status, this.#agreed, readTextRow, 'last')
    this.#begins(injection, 'injection', answer, 1)
    return injection
  }

  sent(message: Passing | WireRequest | Injection): void {
    const plan = this.#plans.get(message)
    if (plan?.kind === 'begins') this.#exchanges.push(plan.exchange)
    else if (plan?.kind === 'goes on') plan.exchange.due = plan.next
  }

  fromServer(message: Message): FromServer | undefined {
    const { payload, bytes } = message
    const [exchange] = this.#exchanges
    if (!exchange) {
      // A server says why it ends a session, though nobody has asked.
      if (isError(payload)) return { kind: 'pass', bytes }
      throw new WireError('The server sent an answer to nothing.')
    }
    // An error may be one that comes unasked, and is not counted.
    if (!isError(payload)) checkSequence('server', message, exchange.due)
    exchange.due = message.next
    const isLast = exchange.answer.take(payload)
    if (isLast) this.#exchanges.shift()
    return this.#passedOn(exchange, bytes, isLast)
  }

  #passedOn(exchange: Exchange, bytes: readonly Buffer[], isLast: boolean): FromServer | undefined {
    const { kind, answer } = exchange
    if (kind === 'pass') return { kind: 'pass', bytes }
    if (kind === 'renewal') return { kind: isLast ? 'renewed' : 'pass', bytes }
    if (kind === 'injection') {
      return isLast ? { kind: 'injected', outcome: answer.outcome } : undefined
    }
    // The client has to hear a question to answer it.
    if (answer instanceof Authentication && !isLast) return { kind: 'pass', bytes }
    this.#hold(exchange, bytes)
    if (!isLast) return undefined
    this.#requests--
    return {
      kind: 'response',
      response: { bytes: [joined(exchange.held)], outcome: answer.outcome },
    }
  }

  #hold(exchange: Exchange, bytes: readonly Buffer[]): void {
    for (const each of bytes) {
      exchange.held.push(each)
      exchange.heldBytes += each.length
    }
    if (exchange.heldBytes <= this.#limits.bytes) return
    throw new WireError(
      `The server sent an answer of more than ${this.#limits.bytes} bytes, which is the limit here.`,
    )
  }
}

function skipAttributes(reader: PayloadReader): void {
  const count = reader.lengthEncoded()
  const sets = reader.lengthEncoded()
  if (sets !== 1) throw reader.error(`has ${sets} sets of attributes`)
  readParameters(reader, { count, named: true, types: undefined, long: new Map() })
}
