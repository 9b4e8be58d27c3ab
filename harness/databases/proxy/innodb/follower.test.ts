import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WireError } from '../wire.ts'
import {
  attributed,
  client,
  execute,
  follow,
  int,
  modern,
  opening,
  parameter,
  plain,
  prepared,
  read,
  server,
  written,
  type Said,
} from './fixtures/conversation.ts'
import {
  answer,
  answerFrom,
  autocommit,
  command,
  eof,
  err,
  inTransaction,
  lenenc,
  ok,
  piecesOf,
  textRow,
  uint,
} from './fixtures/packets.ts'
import { packetOf } from './packets.ts'
import { types } from './types.ts'

/** Something of everything, as one speaks when that has been agreed on. */
function conversationAs(agreed: number): Said[] {
  const isAttributed = agreed === attributed
  const query = (sql: string): Said =>
    client(command(0x03, isAttributed ? Buffer.from([0, 1]) : '', sql))
  const hasEof = agreed !== modern
  const end = (status = autocommit): Buffer => (hasEof ? eof(status) : ok(status, 0, 0xfe))
  const between = hasEof ? [eof()] : []
  const named = isAttributed ? [Buffer.from([2])] : []
  const name = isAttributed ? [uint(0, 1)] : []
  return [
    ...opening(agreed),
    query('BEGIN'),
    server(answer(ok(inTransaction))),
    query('SELECT a'),
    server(
      answer(lenenc(1), int('a'), ...between, textRow('1'), textRow(null), end(inTransaction)),
    ),
    client(command(0x16, 'INSERT INTO t VALUES (?, ?)')),
    server(answer(prepared(5, 2), parameter, parameter, ...between)),
    client(command(0x18, uint(5, 4), uint(1, 2), 'long')),
    execute(
      5,
      ...named,
      uint(0, 1),
      uint(1, 1),
      uint(types.tiny, 2),
      ...name,
      uint(types.blob, 2),
      ...name,
      uint(3, 1),
    ),
    server(answer(err(1062, '23000', 'Duplicate entry'))),
    client(command(0x19, uint(5, 4))),
    client(command(0x11, 'other\0')),
    server(answer(Buffer.from('\u00FEmysql_native_password\0salt', 'latin1'))),
    client(packetOf(2, Buffer.from('scrambled'))),
    server(answerFrom(3, ok())),
    client(command(0x1c, uint(5, 4), uint(1, 4))),
    server(answer(uint(0, 3), end())),
    client(command(0x01)),
  ]
}

const conversations = [
  { what: 'with EOF', conversation: conversationAs(plain) },
  { what: 'without EOF', conversation: conversationAs(modern) },
  { what: 'with attributes', conversation: conversationAs(attributed) },
]

describe.each(conversations)('whatever is said $what', ({ conversation }) => {
  test('comes to the same however the bytes are cut', () => {
    const whole = read(follow(), conversation)
    fc.assert(
      fc.property(fc.array(fc.nat(120), { maxLength: 20 }), (cuts) => {
        const cut = conversation.flatMap(({ by, bytes }) =>
          piecesOf(bytes, cuts).map((piece) => ({ by, bytes: piece })),
        )
        expect(read(follow(), cut)).toEqual(whole)
      }),
    )
    const single = conversation.flatMap(({ by, bytes }) =>
      [...bytes].map((byte) => ({ by, bytes: Buffer.from([byte]) })),
    )
    expect(read(follow(), single)).toEqual(whole)
  })

  test('is passed on byte by byte, but for the greeting', () => {
    const [, ...others] = read(follow(), conversation)
    const [, ...said] = conversation
    expect(written(others)).toEqual(Buffer.concat(said.map(({ bytes }) => bytes)))
  })

  test('is either followed or refused, with nothing else', () => {
    const change = fc.record({
      said: fc.nat(),
      at: fc.nat(),
      by: fc.uint8Array({ maxLength: 4 }),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const follower = follow(10_000)
        try {
          read(follower, mutated(conversation, changes))
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

interface Change {
  readonly said: number
  readonly at: number
  readonly by: Uint8Array
}

/** Bytes replaced, inserted or left out. */
function mutated(conversation: readonly Said[], changes: readonly Change[]): Said[] {
  const changed = [...conversation]
  for (const { said, at, by } of changes) {
    const index = said % changed.length
    const { by: side, bytes } = changed[index]!
    const place = at % (bytes.length + 1)
    const kept = bytes.subarray(place + (at % 3))
    changed[index] = { by: side, bytes: Buffer.concat([bytes.subarray(0, place), by, kept]) }
  }
  return changed
}
