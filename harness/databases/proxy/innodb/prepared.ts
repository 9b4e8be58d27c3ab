import type { SqlValue, Statement } from '../../statement.ts'
import { WireError } from '../wire.ts'
import {
  readParameters,
  readRows,
  showBytes,
  type ParameterType,
  type Parameters,
} from './parameters.ts'
import { PayloadReader } from './payload.ts'
import { partsOf, plainStatement, preparedStatement, repeatedStatement } from './texts.ts'

/** Stands for the statement that was prepared last, whose number the client need not know yet. MariaDB. */
const lastPrepared = 0xff_ff_ff_ff

/** A statement that the server has been asked to prepare. */
export interface Prepared {
  readonly text: string
  /** As the server counts them; undefined until it has answered. */
  parameters: number | undefined
  types: readonly ParameterType[] | undefined
  /** Values that have been sent ahead in pieces, by index, for the next time it is carried out. */
  readonly long: Map<number, Buffer[]>
}

/** How the text is read, and what comes with the parameters. */
export interface Reading {
  readonly escapes: boolean
  readonly named: boolean
}

const parameterCountSent = 1 << 3
const typesSent = 1 << 7
const unitResults = 1 << 6

/** Whether a COM_STMT_BULK_EXECUTE asks for what was written, each time for itself. */
export const asksForUnits = (payload: Buffer): boolean =>
  payload.length >= 7 && (payload.readUInt16LE(5) & unitResults) !== 0

/** What a session has prepared. */
export class PreparedStatements {
  readonly #known = new Map<number, Prepared>()
  readonly #limit: number
  #last: Prepared | undefined
  #longBytes = 0

  /** @param limit of values that are sent ahead, in bytes */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(text: string): Prepared {
    const prepared = { text, parameters: undefined, types: undefined, long: new Map() }
    this.#last = prepared
    return prepared
  }

  /** The server has prepared it, and says what it is called. */
  name(prepared: Prepared, id: number, parameters: number): void {
    prepared.parameters = parameters
    this.#known.set(id, prepared)
  }

  /** COM_STMT_CLOSE */
  close(payload: Buffer): void {
    const id = new PayloadReader(payload, "The client's COM_STMT_CLOSE", 1).unsigned(4)
    const prepared = this.#find(id)
    if (!prepared) return
    this.#forgetLong(prepared)
    this.#known.delete(id)
  }

  /** COM_STMT_RESET */
  reset(payload: Buffer): void {
    const id = new PayloadReader(payload, "The client's COM_STMT_RESET", 1).unsigned(4)
    const prepared = this.#find(id)
    if (prepared) this.#forgetLong(prepared)
  }

  /** The session begins anew, for the client and for whatever it asks ahead. */
  clear(): void {
    this.#known.clear()
    this.#last = undefined
    this.#longBytes = 0
  }

  /** COM_STMT_SEND_LONG_DATA: a piece of one parameter. */
  addLong(payload: Buffer): void {
    const reader = new PayloadReader(payload, "The client's COM_STMT_SEND_LONG_DATA", 1)
    const prepared = this.#find(reader.unsigned(4))
    const index = reader.unsigned(2)
    const piece = Buffer.from(reader.rest())
    if (!prepared) return
    this.#longBytes += piece.length
    if (this.#longBytes > this.#limit) {
      throw new WireError(
        `The client sent parameters of more than ${this.#limit} bytes ahead, which is the limit here.`,
      )
    }
    const pieces = prepared.long.get(index) ?? []
    pieces.push(piece)
    prepared.long.set(index, pieces)
  }

  /** COM_STMT_EXECUTE */
  execution(payload: Buffer, reading: Reading): Statement {
    const reader = new PayloadReader(payload, "The client's COM_STMT_EXECUTE", 1)
    const id = reader.unsigned(4)
    const flags = reader.unsigned(1)
    reader.skip(4) // how often: once
    const prepared = this.#find(id)
    if (!prepared) return unknown(id)
    const params = this.#readParameters(reader, prepared, flags, reading)
    this.#forgetLong(prepared)
    return params
      ? preparedStatement(prepared.text, params, reading.escapes)
      : plainStatement(prepared.text)
  }

  #readParameters(
    reader: PayloadReader,
    prepared: Prepared,
    flags: number,
    { escapes, named }: Reading,
  ): readonly SqlValue[] | undefined {
    const own = prepared.parameters ?? partsOf(prepared.text, escapes).length - 1
    const isCounted = named && (own > 0 || (flags & parameterCountSent) !== 0)
    const read = (): Parameters => {
      const count = isCounted ? reader.lengthEncoded() : own
      const long = longValues(prepared.long)
      return readParameters(reader, { count, named, types: prepared.types, long })
    }
    const parameters = prepared.parameters === undefined ? attempt(read) : read()
    if (!parameters) return undefined
    prepared.types = parameters.types
    // Whatever comes after them are attributes, which the server tells nobody but itself.
    return parameters.values.slice(0, own)
  }

  /** COM_STMT_BULK_EXECUTE: once for each row of parameters. */
  bulkExecution(payload: Buffer, { escapes }: Reading): Statement {
    const reader = new PayloadReader(payload, "The client's COM_STMT_BULK_EXECUTE", 1)
    const id = reader.unsigned(4)
    const flags = reader.unsigned(2)
    const prepared = this.#find(id)
    if (!prepared) return unknown(id)
    const count = prepared.parameters ?? partsOf(prepared.text, escapes).length - 1
    const read = (): ReturnType<typeof readRows> =>
      readRows(reader, count, prepared.types, (flags & typesSent) !== 0)
    const rows = prepared.parameters === undefined ? attempt(read) : read()
    if (!rows) return plainStatement(prepared.text)
    prepared.types = rows.types
    return repeatedStatement(prepared.text, rows.rows, escapes)
  }

  #find(id: number): Prepared | undefined {
    return id === lastPrepared ? this.#last : this.#known.get(id)
  }

  #forgetLong(prepared: Prepared): void {
    for (const pieces of prepared.long.values()) {
      for (const piece of pieces) this.#longBytes -= piece.length
    }
    prepared.long.clear()
  }
}

/** The server will say that it does not know it either. */
const unknown = (id: number): Statement =>
  plainStatement(`/* prepared statement ${id}, which is not known */`)

const longValues = (long: Prepared['long']): Map<number, SqlValue> =>
  new Map([...long].map(([index, pieces]) => [index, showBytes(Buffer.concat(pieces))]))

/**
 * Where the server has not said how many parameters there are, what is read may not be what was meant.
 * It is the server's to refuse it.
 */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
