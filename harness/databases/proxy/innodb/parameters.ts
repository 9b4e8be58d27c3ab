import type { SqlValue } from '../../statement.ts'
import type { PayloadReader } from './payload.ts'
import { textOf } from './texts.ts'
import { exact, readDate, readTime, showDate, types } from './types.ts'

/**
 * Parameters as they are sent along with a prepared statement.
 * Sources: MySQL Internals Manual, "COM_STMT_EXECUTE" and "Binary Protocol Value"; MariaDB manual,
 * "COM_STMT_BULK_EXECUTE".
 */

/** What a parameter is sent as. */
export interface ParameterType {
  readonly type: number
  readonly isUnsigned: boolean
}

/** More than a server accepts. */
const mostParameters = 65_535
const unsignedFlag = 0x80

/** What is known of the parameters before they are read. */
export interface Expected {
  readonly count: number
  /** Whether their names come with them, and so do more than the statement has: query attributes. */
  readonly named: boolean
  /** As of the last time, as they are sent once. */
  readonly types: readonly ParameterType[] | undefined
  /** Values that have been sent before, by index. */
  readonly long: ReadonlyMap<number, SqlValue>
}

export interface Parameters {
  readonly types: readonly ParameterType[] | undefined
  readonly values: readonly SqlValue[]
}

/** Reads them, one value for each. */
export function readParameters(
  reader: PayloadReader,
  { count, named, types: known, long }: Expected,
): Parameters {
  if (count > mostParameters) throw reader.error(`has ${count} parameters`)
  if (count === 0) return { types: known, values: [] }
  const nulls = reader.bytes(Math.ceil(count / 8))
  const areTypesSent = reader.unsigned(1) !== 0
  const sent = areTypesSent ? readTypes(reader, count, named) : known
  if (!sent || sent.length < count) throw reader.error('does not say what its parameters are')
  const isNull = (index: number): boolean => (((nulls[index >> 3] ?? 0) >> (index & 7)) & 1) === 1
  const values = sent.slice(0, count).map((type, index) => {
    const before = long.get(index)
    if (before !== undefined) return before
    return isNull(index) ? null : readParameter(reader, type)
  })
  return { types: sent, values }
}

function readTypes(reader: PayloadReader, count: number, named: boolean): ParameterType[] {
  return Array.from({ length: count }, () => {
    const type = reader.unsigned(1)
    const isUnsigned = (reader.unsigned(1) & unsignedFlag) !== 0
    if (named) reader.string()
    return { type, isUnsigned }
  })
}

/** Instead of a value, in a row of many. */
const bulkValue = 0
const bulkWords = new Map<number, SqlValue>([
  [1, null],
  [2, 'DEFAULT'],
  [3, 'IGNORE'],
])

/** Reads rows of parameters up to the end of the packet. */
export function readRows(
  reader: PayloadReader,
  count: number,
  known: readonly ParameterType[] | undefined,
  areTypesSent: boolean,
): { readonly types: readonly ParameterType[]; readonly rows: readonly (readonly SqlValue[])[] } {
  const sent = areTypesSent ? readTypes(reader, count, false) : known
  if (!sent || sent.length !== count || count === 0) {
    throw reader.error('does not say what its parameters are')
  }
  const rows: SqlValue[][] = []
  while (reader.left > 0) {
    rows.push(
      sent.map((type) => {
        const indicator = reader.unsigned(1)
        if (indicator === bulkValue) return readParameter(reader, type)
        const word = bulkWords.get(indicator)
        if (word === undefined)
          throw reader.error(`has a parameter with the indicator ${indicator}`)
        return word
      }),
    )
  }
  return { types: sent, rows }
}

function readParameter(reader: PayloadReader, { type, isUnsigned }: ParameterType): SqlValue {
  const integer = (size: number): number =>
    isUnsigned ? reader.unsigned(size) : reader.signed(size)
  switch (type) {
    case types.tiny:
      return integer(1)
    case types.short:
    case types.year:
      return integer(2)
    case types.long:
    case types.int24:
      return integer(4)
    case types.longLong:
      return exact(isUnsigned ? reader.unsigned64() : reader.signed64())
    case types.float:
      return finite(reader.float())
    case types.double:
      return finite(reader.double())
    case types.null:
      return null
    case types.decimal:
    case types.newDecimal:
      return decimal(reader.string())
    case types.date:
      return showDate(readDate(reader), false)
    case types.datetime:
    case types.timestamp:
      return showDate(readDate(reader), true)
    case types.time:
      return readTime(reader)
    default:
      if (!lengthEncoded.has(type)) throw reader.error(`has a parameter of type ${type}`)
      return showBytes(reader.string())
  }
}

const lengthEncoded: ReadonlySet<number> = new Set([
  types.varchar,
  types.bit,
  types.vector,
  types.json,
  types.enum,
  types.set,
  types.tinyBlob,
  types.mediumBlob,
  types.longBlob,
  types.blob,
  types.varString,
  types.string,
  types.geometry,
])

const finite = (value: number): SqlValue => (Number.isFinite(value) ? value : String(value))

/** Rounded as the harness's driver rounds the ones that it reads. */
function decimal(bytes: Buffer): SqlValue {
  const text = textOf(bytes)
  const value = Number(text)
  return text === '' || Number.isNaN(value) ? text : value
}

/** As text, or as MySQL writes bytes that are none. */
export const showBytes = (bytes: Buffer): string =>
  bytes.equals(Buffer.from(bytes.toString())) ? bytes.toString() : `0x${bytes.toString('hex')}`
