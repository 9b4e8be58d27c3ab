import type { PayloadReader } from './payload.ts'

/**
 * Types of columns and parameters.
 * Source: MySQL Internals Manual, "Column Types"; MySQL Server, include/field_types.h.
 */
export const types = {
  decimal: 0x00,
  tiny: 0x01,
  short: 0x02,
  long: 0x03,
  float: 0x04,
  double: 0x05,
  null: 0x06,
  timestamp: 0x07,
  longLong: 0x08,
  int24: 0x09,
  date: 0x0a,
  time: 0x0b,
  datetime: 0x0c,
  year: 0x0d,
  newDate: 0x0e,
  varchar: 0x0f,
  bit: 0x10,
  vector: 0xf2,
  json: 0xf5,
  newDecimal: 0xf6,
  enum: 0xf7,
  set: 0xf8,
  tinyBlob: 0xf9,
  mediumBlob: 0xfa,
  longBlob: 0xfb,
  blob: 0xfc,
  varString: 0xfd,
  string: 0xfe,
  geometry: 0xff,
} as const

/** A whole number as a number where that is exact, and else as text, as the harness's driver has it. */
export const exact = (value: bigint): number | string => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

/** A point in time as it is sent, without a time zone. */
export interface DateParts {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hours: number
  readonly minutes: number
  readonly seconds: number
  readonly microseconds: number
  /** How much of it was sent, in bytes: what follows is zero. */
  readonly length: number
}

const noDate: DateParts = {
  year: 0,
  month: 0,
  day: 0,
  hours: 0,
  minutes: 0,
  seconds: 0,
  microseconds: 0,
  length: 0,
}

/** Source: MySQL Internals Manual, "Binary Protocol Value", MYSQL_TYPE_DATETIME. */
export function readDate(reader: PayloadReader): DateParts {
  const length = reader.unsigned(1)
  if (length === 0) return noDate
  if (length !== 4 && length !== 7 && length !== 11) {
    throw reader.error(`has a date of ${length} bytes`)
  }
  const date = { year: reader.unsigned(2), month: reader.unsigned(1), day: reader.unsigned(1) }
  if (length === 4) return { ...noDate, ...date, length }
  const hours = reader.unsigned(1)
  const minutes = reader.unsigned(1)
  const seconds = reader.unsigned(1)
  const microseconds = length === 11 ? reader.unsigned(4) : 0
  return { ...date, hours, minutes, seconds, microseconds, length }
}

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0')

/** As people write it. */
export function showDate(date: DateParts, withTime: boolean): string {
  const day = `${padded(date.year, 4)}-${padded(date.month, 2)}-${padded(date.day, 2)}`
  if (!withTime) return day
  const time = [date.hours, date.minutes, date.seconds].map((each) => padded(each, 2)).join(':')
  return `${day} ${time}${fraction(date.microseconds)}`
}

const fraction = (microseconds: number): string =>
  microseconds === 0 ? '' : `.${padded(microseconds, 6).replace(/0+$/, '')}`

/** A length of time, as the harness's driver has it. */
export function readTime(reader: PayloadReader): string {
  const length = reader.unsigned(1)
  if (length === 0) return '00:00:00'
  if (length !== 8 && length !== 12) throw reader.error(`has a time of ${length} bytes`)
  const sign = reader.unsigned(1) === 0 ? '' : '-'
  const hours = reader.unsigned(4) * 24 + reader.unsigned(1)
  const minutes = reader.unsigned(1)
  const seconds = reader.unsigned(1)
  const microseconds = length === 12 ? reader.unsigned(4) : 0
  const clock = [hours, minutes, seconds].map((each) => padded(each, 2)).join(':')
  return `${sign}${clock}${fraction(microseconds)}`
}
