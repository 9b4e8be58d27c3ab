import pg from 'pg'
import { expect, test } from 'vitest'
import { binaryToText } from './binary-values.ts'

const { builtins } = pg.types

// What each type looks like is tested beside a real server.

test('a time with a zone is in UTC, and one without has none', () => {
  const epoch = Buffer.alloc(8)
  expect(binaryToText(builtins.TIMESTAMPTZ, epoch)).toBe('2000-01-01 00:00:00+00')
  expect(binaryToText(builtins.TIMESTAMP, epoch)).toBe('2000-01-01 00:00:00')
})

test.each([
  { what: 'too short', type: builtins.INT4, bytes: Buffer.alloc(3) },
  { what: 'too long', type: builtins.INT8, bytes: Buffer.alloc(9) },
  { what: 'a numeric with digits missing', type: builtins.NUMERIC, bytes: Buffer.alloc(8, 1) },
  { what: 'a numeric that ends early', type: builtins.NUMERIC, bytes: Buffer.alloc(7) },
  { what: 'a JSONB of another version', type: builtins.JSONB, bytes: Buffer.from('\x02{}') },
  { what: 'a list that ends early', type: 1007, bytes: Buffer.alloc(11) },
  { what: 'a list of more than there is', type: 1007, bytes: listOf(4_294_967_295) },
  { what: 'a list with more than it says', type: 1007, bytes: listOf(0, Buffer.alloc(1)) },
  { what: 'a list of negative lengths', type: 1007, bytes: listOf(1, Buffer.alloc(4, 0xfe)) },
  {
    what: 'an infinite time',
    type: builtins.TIMESTAMP,
    bytes: Buffer.from('7fffffffffffffff', 'hex'),
  },
  { what: 'of a type that is not known', type: 99_999, bytes: Buffer.alloc(1) },
])('$what, it is not a value that is known', ({ type, bytes }) => {
  expect(binaryToText(type, bytes)).toBeUndefined()
})

/** A list of integers that says to have so many items. */
function listOf(count: number, items = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(20)
  header.writeInt32BE(1, 0)
  header.writeUInt32BE(builtins.INT4, 8)
  header.writeUInt32BE(count, 12)
  return Buffer.concat([header, items])
}
