import { describe, expect, test } from 'vitest'
import { WireError } from '../wire.ts'
import { readBinaryRow, readColumn, readTextRow, type Column } from './columns.ts'
import { column, text, textRow, uint, type ColumnShape } from './fixtures/packets.ts'
import { types } from './types.ts'

const describeColumn = (shape: Omit<ColumnShape, 'name'>): Column =>
  readColumn(column({ name: 'a', ...shape }), shape.extended !== undefined)

const textValue = (shape: Omit<ColumnShape, 'name'>, value: string | null): unknown =>
  readTextRow(textRow(value), [describeColumn(shape)])['a']

/** @param bytes after the beginning of the row and its bits for nulls */
const binaryValue = (shape: Omit<ColumnShape, 'name'>, ...bytes: readonly Buffer[]): unknown =>
  readBinaryRow(Buffer.concat([uint(0, 2), ...bytes]), [describeColumn(shape)])['a']

const { longLong, tiny, varString, date, datetime, time, json, geometry } = types
const unsigned = 1 << 5

describe('a value as text', () => {
  test.each([
    { type: longLong, value: '9007199254740991', read: 9_007_199_254_740_991 },
    { type: longLong, value: '-9007199254740992', read: '-9007199254740992' },
    { type: types.newDecimal, value: '-0.10', read: -0.1 },
    { type: types.double, value: '1e-7', read: 1e-7 },
    { type: types.year, value: '0000', read: 0 },
    { type: date, value: '2024-02-29', read: new Date(2024, 1, 29) },
    { type: date, value: 'soon', read: new Date(Number.NaN) },
    { type: datetime, value: '2024-02-29 01:02:03.5', read: new Date(2024, 1, 29, 1, 2, 3, 500) },
    { type: datetime, value: '2024-00-29 00:00:00', read: new Date(Number.NaN) },
    { type: time, value: '-838:59:59', read: '-838:59:59' },
    {
      type: json,
      value: '{"a": [1.5, 12345678901234567890]}',
      read: { a: [1.5, '12345678901234567890'] },
    },
    { type: json, value: '{', read: '{' },
    { type: varString, value: 'naïve 😀', read: 'naïve 😀' },
    { type: varString, value: null, read: null },
  ])('of type $type, $value', ({ type, value, read }) => {
    expect(textValue({ type }, value)).toEqual(read)
  })

  test('of one digit is a yes or no', () => {
    expect(textValue({ type: tiny, length: 1 }, '2')).toBe(true)
    expect(textValue({ type: tiny, length: 1 }, '0')).toBe(false)
    expect(textValue({ type: tiny, length: 1 }, null)).toBe(null)
    expect(textValue({ type: tiny, length: 4 }, '2')).toBe(2)
  })

  test('is read in its character set', () => {
    const row = text(Buffer.from([0xe9]))
    const read = (collation: number): unknown =>
      readTextRow(row, [describeColumn({ type: varString, collation })])['a']
    expect(read(8)).toBe('é')
    expect(read(63)).toEqual(Buffer.from([0xe9]))
    expect(read(45)).toBe('\uFFFD')
  })

  test('that MariaDB says is JSON is read as such', () => {
    const extended = Buffer.concat([uint(0, 1), text('x'), uint(1, 1), text('json')])
    expect(textValue({ type: varString, extended }, '[1]')).toEqual([1])
    const other = Buffer.concat([uint(0, 1), text('json')])
    expect(textValue({ type: varString, extended: other }, '[1]')).toBe('[1]')
  })

  test('may be of a column with a name that objects have for themselves', () => {
    const proto = readColumn(column({ name: '__proto__', type: longLong }), false)
    expect(Object.entries(readTextRow(textRow('1'), [proto]))).toEqual([['__proto__', 1]])
  })
})

describe('a value in bytes', () => {
  test('is null where its bit says so', () => {
    const columns = Array.from({ length: 8 }, (_, index) =>
      readColumn(column({ name: `${index}`, type: tiny }), false),
    )
    const bits = uint((1 << (2 + 5)) | (1 << (2 + 7)), 2)
    const row = readBinaryRow(
      Buffer.concat([uint(0, 1), bits, Buffer.from([1, 2, 3, 4, 5, 7])]),
      columns,
    )
    expect(Object.values(row)).toEqual([1, 2, 3, 4, 5, null, 7, null])
  })

  test('has a sign unless it says that it has none', () => {
    expect(binaryValue({ type: tiny }, uint(255, 1))).toBe(-1)
    expect(binaryValue({ type: tiny, flags: unsigned }, uint(255, 1))).toBe(255)
    expect(binaryValue({ type: longLong }, Buffer.alloc(8, 255))).toBe(-1)
    expect(binaryValue({ type: longLong, flags: unsigned }, Buffer.alloc(8, 255))).toBe(
      '18446744073709551615',
    )
  })

  test('may be a point in time without one', () => {
    expect(binaryValue({ type: datetime }, uint(0, 1))).toEqual(new Date(Number.NaN))
    expect(binaryValue({ type: time }, uint(0, 1))).toBe('00:00:00')
  })

  test.each([
    { type: date, bytes: uint(5, 1), wrong: "The server's row has a date of 5 bytes." },
    { type: time, bytes: uint(3, 1), wrong: "The server's row has a time of 3 bytes." },
    { type: datetime, bytes: uint(11, 1), wrong: "The server's row ends too early." },
    { type: varString, bytes: uint(200, 1), wrong: "The server's row ends too early." },
    {
      type: varString,
      bytes: uint(255, 1),
      wrong: "The server's row has a length that begins with 255.",
    },
    {
      type: varString,
      bytes: uint(251, 1),
      wrong: "The server's row has no length where there must be one.",
    },
    { type: tiny, bytes: uint(1, 2), wrong: "The server's row has 1 bytes too many." },
  ])('of type $type ends with: $wrong', ({ type, bytes, wrong }) => {
    expect(() => binaryValue({ type }, bytes)).toThrow(new WireError(wrong))
  })

  test('is not where a row does not begin with a zero', () => {
    expect(() => readBinaryRow(uint(1, 1), [])).toThrow(
      new WireError("The server's row does not begin with a zero."),
    )
  })
})

describe('a geometry', () => {
  const shape = (bytes: Buffer): unknown =>
    binaryValue({ type: geometry, collation: 63 }, text(bytes))
  const point = Buffer.concat([uint(1, 1), uint(1, 4), Buffer.alloc(16)])
  const reference = Buffer.alloc(4)

  test('is read in either order of bytes', () => {
    const big = Buffer.alloc(21)
    big.writeUInt32BE(1, 1)
    big.writeDoubleBE(2.5, 5)
    expect(shape(Buffer.concat([reference, big]))).toEqual({ x: 2.5, y: 0 })
    expect(shape(Buffer.concat([reference, point]))).toEqual({ x: 0, y: 0 })
  })

  test('may be collections in collections', () => {
    const deep = Buffer.concat([reference, nested(3), point])
    expect(shape(deep)).toEqual([[[{ x: 0, y: 0 }]]])
  })

  test.each([
    { title: 'nothing', bytes: Buffer.alloc(0) },
    { title: 'a part of a point', bytes: Buffer.concat([reference, point.subarray(0, 12)]) },
    { title: 'more points than there are', bytes: collection(0xff_ff_ff_ff, point) },
    {
      title: 'a kind that is not known',
      bytes: Buffer.concat([reference, uint(1, 1), uint(9, 4)]),
    },
    { title: 'too deep a collection', bytes: Buffer.concat([reference, nested(33), point]) },
    { title: 'collections without end', bytes: Buffer.concat([reference, nested(100_000)]) },
  ])('is none in $title', ({ bytes }) => {
    expect(shape(bytes)).toBe(null)
  })

  function collection(count: number, item: Buffer): Buffer {
    return Buffer.concat([Buffer.alloc(4), uint(1, 1), uint(7, 4), uint(count, 4), item])
  }

  function nested(depth: number): Buffer {
    const one = Buffer.concat([uint(1, 1), uint(7, 4), uint(1, 4)])
    return Buffer.concat(Array.from({ length: depth }, () => one))
  }
})
