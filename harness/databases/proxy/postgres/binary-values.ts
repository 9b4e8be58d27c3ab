import pg from 'pg'

const { builtins } = pg.types

/**
 * What a value in binary format is in text format: what its driver would have been sent, had it asked for
 * text, with times in UTC. Nothing for types that are not known here, and for bytes that are no such value.
 * Source: the types' send functions, such as numeric_send in utils/adt/numeric.c.
 */
export function binaryToText(type: number, bytes: Buffer): string | undefined {
  const read = readers.get(type)
  if (read) return read(bytes)
  return arrayTypes.has(type) ? arrayText(bytes) : undefined
}

type Reader = (bytes: Buffer) => string | undefined

/** A reader of values that all have the same length, in bytes. */
const fixed =
  (length: number, read: Reader): Reader =>
  (bytes) =>
    bytes.length === length ? read(bytes) : undefined

const utf8: Reader = (bytes) => bytes.toString('utf8')

/** Without a name in pg's table. */
const name = 19
const unknown = 705
const voidType = 2278

const readers: ReadonlyMap<number, Reader> = new Map([
  [builtins.BOOL, fixed(1, (bytes) => (bytes[0] === 0 ? 'f' : 't'))],
  [builtins.INT2, fixed(2, (bytes) => String(bytes.readInt16BE()))],
  [builtins.INT4, fixed(4, (bytes) => String(bytes.readInt32BE()))],
  [builtins.INT8, fixed(8, (bytes) => String(bytes.readBigInt64BE()))],
  [builtins.OID, fixed(4, (bytes) => String(bytes.readUInt32BE()))],
  [builtins.FLOAT4, fixed(4, (bytes) => shortestSingle(bytes.readFloatBE()))],
  [builtins.FLOAT8, fixed(8, (bytes) => String(bytes.readDoubleBE()))],
  [builtins.NUMERIC, numericText],
  [builtins.BYTEA, (bytes) => `\\x${bytes.toString('hex')}`],
  [builtins.UUID, fixed(16, uuidText)],
  [builtins.DATE, fixed(4, dateText)],
  [builtins.TIME, fixed(8, (bytes) => timeText(bytes.readBigInt64BE()))],
  [builtins.TIMESTAMP, fixed(8, timestampText)],
  [builtins.TIMESTAMPTZ, fixed(8, timestampWithZoneText)],
  // Its first byte is the version of the format.
  [builtins.JSONB, (bytes) => (bytes[0] === 1 ? utf8(bytes.subarray(1)) : undefined)],
  ...[
    builtins.TEXT,
    builtins.VARCHAR,
    builtins.BPCHAR,
    builtins.CHAR,
    builtins.JSON,
    builtins.XML,
    name,
    unknown,
    voidType,
  ].map((type) => [type, utf8] as const),
])

/** The fewest digits that are the same number in single precision, as the server writes it. */
function shortestSingle(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(value)
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const signs: ReadonlyMap<number, string> = new Map([
  [0x0000, ''],
  [0x4000, '-'],
])

const wordsThatAreNumbers: ReadonlyMap<number, string> = new Map([
  [0xc000, 'NaN'],
  [0xd000, 'Infinity'],
  [0xf000, '-Infinity'],
])

/** Digits of base 10,000, the first of which counts so many powers of it: its weight. */
function numericText(bytes: Buffer): string | undefined {
  if (bytes.length < 8) return undefined
  const count = bytes.readUInt16BE(0)
  const weight = bytes.readInt16BE(2)
  const kind = bytes.readUInt16BE(4)
  const scale = bytes.readUInt16BE(6)
  const sign = signs.get(kind)
  if (bytes.length !== 8 + 2 * count) return undefined
  if (sign === undefined) return wordsThatAreNumbers.get(kind)
  const digit = (power: number): string => {
    const index = weight - power
    const value = index < 0 || index >= count ? 0 : bytes.readUInt16BE(8 + 2 * index)
    return String(value).padStart(4, '0')
  }
  let whole = ''
  for (let power = Math.max(weight, 0); power >= 0; power--) whole += digit(power)
  let fraction = ''
  for (let power = -1; fraction.length < scale; power--) fraction += digit(power)
  const behind = scale === 0 ? '' : `.${fraction.slice(0, scale)}`
  return `${sign}${whole.replace(/^0+(?=\d)/, '')}${behind}`
}

/** Since 2000-01-01, which is when PostgreSQL's time begins. */
const epochMs = Date.UTC(2000, 0, 1)
const dayMs = 86_400_000

/** Infinite, or of a year that is not written in four digits: not known here. */
function calendarText(ms: number): string | undefined {
  const date = new Date(ms)
  const year = date.getUTCFullYear()
  return year >= 1 && year <= 9999 ? date.toISOString().slice(0, 10) : undefined
}

function dateText(bytes: Buffer): string | undefined {
  return calendarText(epochMs + bytes.readInt32BE() * dayMs)
}

const dayMicroseconds = 86_400_000_000n

/** @param microseconds since midnight */
function timeText(microseconds: bigint): string {
  const seconds = Number(microseconds / 1_000_000n)
  const [hours, minutes, rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) =>
    String(Math.floor(part)).padStart(2, '0'),
  )
  const fraction = String(microseconds % 1_000_000n).padStart(6, '0')
  return `${hours}:${minutes}:${rest}.${fraction}`.replace(/\.?0+$/, '')
}

function timestampText(bytes: Buffer): string | undefined {
  const microseconds = bytes.readBigInt64BE()
  const time = ((microseconds % dayMicroseconds) + dayMicroseconds) % dayMicroseconds
  const day = (microseconds - time) / dayMicroseconds
  const date = calendarText(epochMs + Number(day) * dayMs)
  return date === undefined ? undefined : `${date} ${timeText(time)}`
}

function timestampWithZoneText(bytes: Buffer): string | undefined {
  const text = timestampText(bytes)
  return text === undefined ? undefined : `${text}+00`
}

/** The arrays that pg turns into arrays, but for those whose elements are not known here. */
const arrayTypes: ReadonlySet<number> = new Set([
  1000, 1001, 1005, 1007, 1008, 1009, 1014, 1015, 1016, 1021, 1022, 1028, 1115, 1182, 1185, 1231,
  199, 2951, 3807, 1183,
])

/** One dimension at most: more are not known here. */
function arrayText(bytes: Buffer): string | undefined {
  if (bytes.length < 12) return undefined
  const dimensions = bytes.readInt32BE(0)
  const element = bytes.readUInt32BE(8)
  if (dimensions === 0) return '{}'
  if (dimensions !== 1 || bytes.length < 20) return undefined
  const items = itemTexts(element, bytes.subarray(20), bytes.readUInt32BE(12))
  return items && `{${items.join(',')}}`
}

function itemTexts(element: number, bytes: Buffer, count: number): string[] | undefined {
  const items: string[] = []
  let at = 0
  while (items.length < count) {
    if (bytes.length - at < 4) return undefined
    const length = bytes.readInt32BE(at)
    at += 4
    if (length === -1) items.push('NULL')
    else {
      if (length < 0 || length > bytes.length - at) return undefined
      const text = binaryToText(element, bytes.subarray(at, at + length))
      if (text === undefined) return undefined
      items.push(itemText(text))
      at += length
    }
  }
  return at === bytes.length ? items : undefined
}

const needsNoQuotes = /^(?!null$)[^\s{}",\\]+$/i

const itemText = (text: string): string =>
  needsNoQuotes.test(text) ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
