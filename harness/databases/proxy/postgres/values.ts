import pg from 'pg'
import type { Row, SqlValue } from '../../statement.ts'
import { binaryToText } from './binary-values.ts'
import { MessageBody } from './message-body.ts'
import type { WireMessage } from './message-reader.ts'
import type { ServerType } from './message-names.ts'

const { builtins } = pg.types
const getTypeParser: (type: number) => (text: string) => unknown = pg.types.getTypeParser
const int8: number = builtins.INT8
const bool: number = builtins.BOOL

export interface Field {
  readonly name: string
  /** Its type, by object number. */
  readonly type: number
  readonly isBinary: boolean
}

/** What is known of the formats of parameters or columns: none given, one for all, or one for each. */
export type Formats = readonly number[]

export const isBinaryAt = (formats: Formats, index: number): boolean =>
  (formats.length === 1 ? formats[0] : formats[index]) === 1

/** The columns that a RowDescription describes. */
export function readFields(message: WireMessage<ServerType>): readonly Field[] {
  const body = new MessageBody('server', message)
  const fields = body.list(() => {
    const name = body.string()
    body.skip(6) // the table and the column it is from
    const type = body.uint32()
    body.skip(6) // its size and its modifier
    return { name, type, isBinary: body.int16() === 1 }
  })
  body.end()
  return fields
}

/** Rows that belong together, as they came, and what is known of their columns. */
export interface ResultSet {
  /** Undefined where the server was never asked: then columns go by their place. */
  readonly fields: readonly Field[] | undefined
  readonly formats: Formats
  /** DataRow messages. */
  readonly rows: readonly WireMessage<ServerType>[]
}

/** The rows, with values as the harness's own connections have them. */
export function readRows({ fields, formats, rows }: ResultSet): readonly Row[] {
  return rows.map((row) => {
    const body = new MessageBody('server', row)
    let column = 0
    const entries = body.list(() => {
      const field = fields?.[column] ?? unknownField(formats, column)
      column += 1
      const value = body.value()
      return [field.name, value === null ? null : decode(field, value)] as const
    })
    body.end()
    return Object.fromEntries(entries)
  })
}

const unknownField = (formats: Formats, index: number): Field => ({
  name: `column${index + 1}`,
  type: 0,
  isBinary: isBinaryAt(formats, index),
})

/** A value as {@link pg} gives it, except that bigints are numbers: see `client.ts`. */
function decode({ type, isBinary }: Field, bytes: Buffer): unknown {
  const text = isBinary ? binaryToText(type, bytes) : bytes.toString('utf8')
  if (text === undefined) return hex(bytes)
  try {
    return type === int8 ? Number(text) : getTypeParser(type)(text)
  } catch {
    // It is not of the type that it was announced as. Nobody here depends on it.
    return text
  }
}

/** As PostgreSQL writes bytes. */
const hex = (bytes: Buffer): string => `\\x${bytes.toString('hex')}`

const numbers: ReadonlySet<number> = new Set([
  builtins.INT2,
  builtins.INT4,
  builtins.INT8,
  builtins.OID,
  builtins.FLOAT4,
  builtins.FLOAT8,
  builtins.NUMERIC,
])

const canonicalInteger = /^(0|-?[1-9]\d*)$/

/**
 * A parameter as a statement shows it.
 *
 * @param type by object number; 0 where the server is to find out. Then it is a number if it looks like one.
 */
export function readParameter(type: number, isBinary: boolean, bytes: Buffer | null): SqlValue {
  if (bytes === null) return null
  const text = isBinary ? binaryToText(type, bytes) : bytes.toString('utf8')
  if (text === undefined) return hex(bytes)
  if (type === bool) return truths.get(text) ?? text
  const mayBeNumber = type === 0 ? canonicalInteger.test(text) : numbers.has(type)
  return mayBeNumber ? (exactNumber(text) ?? text) : text
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ['t', true],
  ['true', true],
  ['f', false],
  ['false', false],
])

/** The number that is written like this, if there is one. */
function exactNumber(text: string): number | undefined {
  const number = Number(text)
  const isExact = Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number)
  return isExact && String(number) === text ? number : undefined
}
