import type { TransactionState } from '../../engine.ts'
import type { WireRefusal } from '../wire.ts'
import { PayloadReader } from './payload.ts'

/**
 * What the server says at the end of what it says.
 * Source: MySQL Internals Manual, "OK_Packet", "ERR_Packet", "EOF_Packet" and "Status Flags".
 */
const ok = 0x00
const eof = 0xfe
const err = 0xff
/** The only packet that says how it ends before there is anything in it. */
const eofBytes = 5
/** Anything longer that begins like an end is a row with a very long value. */
const longestEof = 9
const longestOk = 0xff_ff_ff

const inTransaction = 1 << 0
const moreResults = 1 << 3
const cursorExists = 1 << 6
const noBackslashEscapes = 1 << 9

export const isError = (payload: Buffer): boolean => payload[0] === err

/** @param hasEof whether the end is an EOF packet, and not an OK that begins like one */
export const isEnd = (payload: Buffer, hasEof: boolean): boolean =>
  payload[0] === eof && payload.length < (hasEof ? longestEof : longestOk)

export const isOk = (payload: Buffer): boolean => payload[0] === ok

/** How a statement, or the rows of one, ended well. */
export interface End {
  readonly affectedRows: number
  readonly status: number
}

/** Reads OK and EOF. Notes about the session may follow; they are the client's. */
export function readEnd(payload: Buffer): End {
  const reader = new PayloadReader(payload, "The server's end of an answer")
  const first = reader.unsigned(1)
  if (first !== ok && first !== eof) throw reader.error(`begins with ${first}`)
  if (first === eof && payload.length === eofBytes) {
    reader.skip(2) // warnings
    return { affectedRows: 0, status: reader.unsigned(2) }
  }
  const affectedRows = reader.lengthEncoded()
  reader.lengthEncoded() // the last identifier
  const status = reader.unsigned(2)
  reader.skip(2) // warnings
  return { affectedRows, status }
}

export const hasMore = (status: number): boolean => (status & moreResults) !== 0
export const hasCursor = (status: number): boolean => (status & cursorExists) !== 0

/** Before the session is open, an error has no SQLSTATE. */
const generalError = 'HY000'
const hash = '#'.charCodeAt(0)

export function readRefusal(payload: Buffer): WireRefusal {
  const reader = new PayloadReader(payload, "The server's error", 1)
  const number = reader.unsigned(2)
  const rest = reader.rest()
  if (rest[0] !== hash || rest.length < 6) {
    return { code: generalError, number, message: rest.toString() }
  }
  return { code: rest.toString('latin1', 1, 6), number, message: rest.toString('utf8', 6) }
}

/** What the server has said of the session last. */
export class SessionStatus {
  #flags = 0

  note(status: number): void {
    this.#flags = status
  }

  get transaction(): TransactionState {
    return (this.#flags & inTransaction) === 0 ? 'none' : 'open'
  }

  /** Whether a backslash in a text stands for what follows it: sql_mode NO_BACKSLASH_ESCAPES. */
  get escapesWithBackslash(): boolean {
    return (this.#flags & noBackslashEscapes) === 0
  }
}
