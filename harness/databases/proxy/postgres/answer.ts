import type { TransactionState } from '../../engine.ts'
import { WireError, type WireOutcome, type WireRefusal } from '../wire.ts'
import { ByteRun } from './byte-run.ts'
import type { ServerType } from './message-names.ts'
import type { WireMessage } from './message-reader.ts'
import { readRows, type Field, type Formats } from './values.ts'

/** Messages of an answer that can be held back. */
const mostMessages = 1_000_000

/** What comes back for a request, or for a statement of the harness's own. */
export class Answer {
  readonly isInjected: boolean
  /** Messages of the request that the server has not answered. */
  #outstanding: number
  #owesSync = false
  readonly #limit: number
  readonly #held = new ByteRun()
  #messages = 0
  #fields: readonly Field[] | undefined
  #formats: Formats = []
  #rows: WireMessage<ServerType>[] = []
  #affectedRows = 0
  #refusal: WireRefusal | undefined

  /** @param limit of what is held back, in bytes */
  constructor(isInjected: boolean, outstanding: number, limit: number) {
    this.isInjected = isInjected
    this.#outstanding = outstanding
    this.#limit = limit
  }

  /**
   * Whether the server has passed over the Sync that came with a COPY: then the answer ends with that to
   * the one after the rows.
   */
  get owesSync(): boolean {
    return this.#owesSync
  }

  get isWhole(): boolean {
    return this.#outstanding === 0 && !this.#owesSync
  }

  /** The server has answered one of the messages. */
  advance(): void {
    this.#outstanding -= 1
  }

  /** Sync was passed over, and the one to come is not there yet. */
  oweSync(): void {
    this.#owesSync = true
  }

  /** Sync is answered after all, or another one in its place. */
  awaitSync(): void {
    this.#outstanding += 1
    this.#owesSync = false
  }

  get held(): readonly Buffer[] {
    return this.#held.pieces
  }

  hold(bytes: Buffer): void {
    this.#held.add(bytes)
    this.#messages += 1
    if (this.#held.length > this.#limit) {
      throw new WireError(`The server sent an answer of more than ${this.#limit} bytes.`)
    }
    if (this.#messages > mostMessages) {
      throw new WireError(`The server sent an answer of more than ${mostMessages} messages.`)
    }
  }

  /** What was held back until now, for the client. */
  release(): readonly Buffer[] {
    this.#messages = 0
    return this.#held.take()
  }

  /** Rows come, of which the last statement's are kept. */
  beginRows(fields: readonly Field[] | undefined, formats: Formats): void {
    this.#fields = fields
    this.#formats = formats
    this.#rows = []
  }

  addRow(row: WireMessage<ServerType>): void {
    this.#rows.push(row)
  }

  completed(affectedRows: number): void {
    this.#affectedRows = affectedRows
  }

  /** The first error is what the client makes of it. */
  refused({ code, message }: WireRefusal): void {
    this.#refusal ??= { code, message }
  }

  outcome(transaction: TransactionState): WireOutcome {
    if (this.#refusal) return { ok: false, error: this.#refusal, transaction }
    const rows = readRows({ fields: this.#fields, formats: this.#formats, rows: this.#rows })
    return { ok: true, rows, affectedRows: this.#affectedRows, transaction }
  }
}
