import type { TransactionState } from '../../engine.ts'
import { WireError } from '../wire.ts'
import type { MessageBody } from './message-body.ts'

const states: ReadonlyMap<string, TransactionState> = new Map([
  ['I', 'none'],
  ['T', 'open'],
  ['E', 'failed'],
])

/** `ROLLBACK TO` ends no transaction, and `AND CHAIN` begins another one. */
const staysInside = /\b(to|chain)\b/i

/**
 * Whether the session is in a transaction: the server says so in ReadyForQuery only, which does not come
 * before Sync. Until then it follows from what was executed.
 */
export class SessionState {
  /** Of a transaction that was begun by BEGIN. */
  #block: TransactionState = 'none'
  /** Whether something was executed without one, which Sync commits. */
  #isImplicit = false

  get transaction(): TransactionState {
    return this.#block === 'none' && this.#isImplicit ? 'open' : this.#block
  }

  /** ReadyForQuery has come. */
  synchronised(body: MessageBody): void {
    const status = String.fromCharCode(body.int8())
    body.end()
    const state = states.get(status)
    if (!state) throw new WireError('The server sent ReadyForQuery with a status that is none.')
    this.#block = state
    this.#isImplicit = false
  }

  /** @param tag of CommandComplete, or nothing */
  executed(tag: string, text: string): void {
    switch (tag) {
      case 'BEGIN':
      case 'START TRANSACTION':
        this.#block = 'open'
        break
      case 'COMMIT':
      case 'ROLLBACK':
      case 'PREPARE TRANSACTION':
        this.#block = staysInside.test(text) ? 'open' : 'none'
        this.#isImplicit = false
        break
      default:
        this.#isImplicit = true
        break
    }
  }

  /** An error has undone what was executed. */
  failed(): void {
    if (this.#block === 'open') this.#block = 'failed'
    this.#isImplicit = false
  }

  ended(): void {
    this.#block = 'none'
    this.#isImplicit = false
  }
}

/** The rows that a statement has written or returned, as CommandComplete says. */
export function affectedRows(tag: string): number {
  return Number(/ (\d+)$/.exec(tag)?.[1] ?? 0)
}
