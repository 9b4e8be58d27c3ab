import type { Row } from '../../statement.ts'
import { readGeometry } from './geometry.ts'
import { PayloadReader } from './payload.ts'
import { exact, readDate, readTime, types } from './types.ts'

/**
 * Results, with their values as the harness's own connection has them: mysql2, set up as in
 * engines/innodb/client.ts.
 * Sources: MySQL Internals Manual, "Column Definition", "Text Resultset Row" and "Binary Protocol
 * Resultset Row"; MariaDB manual, "Result Set Packets", extended metadata.
 */
export interface Column {
  readonly name: string
  readonly type: number
  readonly isUnsigned: boolean
  /** A yes or no: BOOLEAN is short for TINYINT(1). */
  readonly isBoolean: boolean
  /** MariaDB sends JSON as text, and says apart what it is. */
  readonly isJson: boolean
  /** How its texts are to be read; undefined for bytes that are none. */
  readonly encoding: BufferEncoding | undefined
}

const unsignedFlag = 1 << 5
const jsonFormat = 'json'
/** In MariaDB's extended metadata. */
const formatItem = 1

/** @param isExtended whether MariaDB's extended metadata have been agreed on */
export function readColumn(payload: Buffer, isExtended: boolean): Column {
  const reader = new PayloadReader(payload, "The server's description of a column")
  for (let skipped = 0; skipped < 4; skipped++) reader.string() // catalogue, database, tables
  const name = reader.string()
  reader.string() // its name in its table
  const isJson = isExtended && formatOf(reader.string()) === jsonFormat
  reader.lengthEncoded() // the length of what follows
  const encoding = encodingOf(reader.unsigned(2))
  const length = reader.unsigned(4)
  const type = reader.unsigned(1)
  const flags = reader.unsigned(2)
  return {
    name: name.toString(encoding ?? 'utf8'),
    type,
    isUnsigned: (flags & unsignedFlag) !== 0,
    isBoolean: type === types.tiny && length === 1,
    isJson,
    encoding,
  }
}

function formatOf(metadata: Buffer): string | undefined {
  const reader = new PayloadReader(metadata, "The server's extended description of a column")
  let format: string | undefined
  while (reader.left > 0) {
    const item = reader.unsigned(1)
    const value = reader.string().toString('latin1')
    if (item === formatItem) format = value
  }
  return format
}

/** Collations that are bytes, and those of latin1. The ones that clients ask for otherwise are UTF-8. */
const binaryCollation = 63
const latinCollations: ReadonlySet<number> = new Set([5, 8, 15, 31, 47, 48, 49, 94])

function encodingOf(collation: number): BufferEncoding | undefined {
  if (collation === binaryCollation) return undefined
  return latinCollations.has(collation) ? 'latin1' : 'utf8'
}

/** Reads a row of a result, whole. */
export type ReadRow = (payload: Buffer, columns: readonly Column[]) => Row

export const readTextRow: ReadRow = (payload, columns) => {
  const reader = new PayloadReader(payload, "The server's row")
  return rowOf(reader, columns, (column) => {
    const bytes = reader.stringOrNull()
    return bytes === null ? null : textValue(column, bytes)
  })
}

/** The bits for nulls begin with two that mean nothing. */
const firstNullBit = 2

export const readBinaryRow: ReadRow = (payload, columns) => {
  const reader = new PayloadReader(payload, "The server's row")
  if (reader.unsigned(1) !== 0) throw reader.error('does not begin with a zero')
  const nulls = reader.bytes(Math.ceil((columns.length + firstNullBit) / 8))
  return rowOf(reader, columns, (column, index) => {
    const bit = index + firstNullBit
    const isNull = (((nulls[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1
    return isNull ? null : binaryValue(column, reader)
  })
}

function rowOf(
  reader: PayloadReader,
  columns: readonly Column[],
  read: (column: Column, index: number) => unknown,
): Row {
  const row = Object.fromEntries(
    columns.map((column, index) => {
      const value = read(column, index)
      return [column.name, column.isBoolean && value !== null ? Boolean(value) : value]
    }),
  )
  reader.end()
  return row
}

function textValue(column: Column, bytes: Buffer): unknown {
  if (column.isJson) return json(bytes)
  const text = (): string => bytes.toString('latin1')
  switch (column.type) {
    case types.tiny:
    case types.short:
    case types.long:
    case types.int24:
    case types.year:
      return Number(text())
    case types.longLong:
      return wholeNumber(text())
    case types.float:
    case types.double:
    case types.decimal:
    case types.newDecimal:
      return decimal(text())
    case types.date:
      return dateOf(text())
    case types.datetime:
    case types.timestamp:
      return momentOf(text())
    case types.time:
      return text()
    default:
      return stringValue(column, bytes)
  }
}

function binaryValue(column: Column, reader: PayloadReader): unknown {
  const integer = (size: number): number =>
    column.isUnsigned ? reader.unsigned(size) : reader.signed(size)
  if (column.isJson) return json(reader.string())
  switch (column.type) {
    case types.tiny:
      return integer(1)
    case types.short:
      return integer(2)
    case types.year:
      return reader.unsigned(2)
    case types.long:
    case types.int24:
      return integer(4)
    case types.longLong:
      return exact(column.isUnsigned ? reader.unsigned64() : reader.signed64())
    case types.float:
      return reader.float()
    case types.double:
      return reader.double()
    case types.null:
      return null
    case types.decimal:
    case types.newDecimal:
      return decimal(reader.string().toString('latin1'))
    case types.date:
    case types.newDate:
    case types.datetime:
    case types.timestamp:
      return binaryDate(reader)
    case types.time:
      return readTime(reader)
    default:
      return stringValue(column, reader.string())
  }
}

/** What is sent alike in both formats. */
function stringValue({ type, encoding }: Column, bytes: Buffer): unknown {
  switch (type) {
    case types.json:
      return json(bytes)
    case types.vector:
      return vectorOf(bytes)
    case types.geometry:
      return readGeometry(bytes)
    default:
      // A copy, as what came with it would be kept as long as it is.
      return encoding === undefined ? Buffer.from(bytes) : bytes.toString(encoding)
  }
}

function wholeNumber(text: string): number | string {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : text
}

/** Sums are decimals: as text, `sum < limit` would compare letters. */
const decimal = (text: string): number => (text === '' ? 0 : Number.parseFloat(text))

const vectorOf = (bytes: Buffer): number[] =>
  Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4))

const never = (): Date => new Date(Number.NaN)

/** In this machine's time zone, as the driver takes it. */
function dateOf(text: string): Date {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (year === undefined) return never()
  return new Date(Number(year), Number(month) - 1, Number(day))
}

const moment = /^(\d{4})-(\d\d)-(\d\d).(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)?$/

function momentOf(text: string): Date {
  const parts = moment.exec(text)
  if (!parts) return new Date(text)
  const [year = 0, month = 0, day = 0, hours, minutes, seconds] = parts.slice(1, 7).map(Number)
  if (month === 0 || day === 0 || month > 12 || day > 31) return never()
  if (year < 100) return new Date(text)
  const milliseconds = Number((parts[7] ?? '').padEnd(3, '0'))
  return new Date(year, month - 1, day, hours, minutes, seconds, milliseconds)
}

function binaryDate(reader: PayloadReader): Date {
  const { length, year, month, day, hours, minutes, seconds, microseconds } = readDate(reader)
  if (length === 0 || year + month + day + hours + minutes + seconds + microseconds === 0)
    return never()
  return new Date(year, month - 1, day, hours, minutes, seconds, microseconds / 1000)
}

const integer = /^-?\d+$/

/** Numbers that would be rounded stay text. What is no JSON at all stays what it is. */
function json(bytes: Buffer): unknown {
  const text = bytes.toString()
  try {
    return JSON.parse(text, exactly)
  } catch {
    return text
  }
}

function exactly(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return integer.test(source) ? source : value
}
