import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WireError } from '../wire.ts'
import { client, server } from './fixtures/messages.ts'
import type { Side } from './message-names.ts'
import { MessageReader, type WireMessage } from './message-reader.ts'

const typed = (limit = 1_000): MessageReader<'server'> => new MessageReader('server', limit, true)

/** The messages that are whole with this chunk. */
function messagesOf<From extends Side>(
  reader: MessageReader<From>,
  chunk: Buffer,
): readonly WireMessage<string>[] {
  const messages: WireMessage<string>[] = []
  reader.read(chunk, (message) => messages.push(message))
  return messages
}

function errorOf(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof WireError) return error.message
    throw error
  }
  return 'none'
}

describe('messages', () => {
  test('are whole, wherever the chunks end', () => {
    const messages = [
      server.ready(),
      server.row('one', null),
      server.complete('SELECT 1'),
      server.row('x'.repeat(500)),
    ]
    const bytes = Buffer.concat(messages)
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (places) => {
        const reader = typed()
        const cuts = [0, ...places.toSorted((a, b) => a - b), bytes.length]
        const read = cuts.flatMap((cut, index) =>
          messagesOf(reader, bytes.subarray(cut, cuts[index + 1])),
        )
        expect(read.map((each) => each.bytes)).toEqual(messages)
        expect(read.map(({ type }) => type)).toEqual(['Z', 'D', 'C', 'D'])
        expect(reader.begun).toHaveLength(0)
      }),
    )
  })

  test('that are not whole are there as far as they have come', () => {
    const reader = typed()
    const bytes = server.complete('SELECT 1')
    expect(messagesOf(reader, bytes.subarray(0, 3))).toEqual([])
    expect(messagesOf(reader, bytes.subarray(3, 9))).toEqual([])
    expect(reader.begun).toEqual(bytes.subarray(0, 9))
  })

  test('in single bytes are not copied again and again', () => {
    const reader = typed(2_000_000)
    const bytes = server.row('x'.repeat(1_000_000))
    const began = performance.now()
    let count = 0
    for (let at = 0; at < bytes.length; at++) {
      reader.read(bytes.subarray(at, at + 1), ({ bytes: whole }) => {
        expect(whole.equals(bytes)).toBe(true)
        count += 1
      })
    }
    expect(count).toBe(1)
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  test('have no type byte at first', () => {
    const reader = new MessageReader('client', 1_000, false)
    const read: unknown[] = []
    reader.read(Buffer.concat([client.startup(), client.sync()]), ({ type }) => {
      read.push(type)
      reader.isTyped = true
    })
    expect(read).toEqual([undefined, 'S'])
  })
})

describe('no message is', () => {
  test.each([
    {
      what: 'an unknown type',
      bytes: Buffer.from('!\0\0\0\x04'),
      error: 'The server sent a message of the unknown type 0x21.',
    },
    {
      what: 'a type of the other side',
      bytes: client.query('SELECT 1'),
      error: 'The server sent a message of the unknown type 0x51.',
    },
    {
      what: 'zeros',
      bytes: Buffer.from('\0\0\0\0\x04'),
      error: 'The server sent a message of the unknown type 0x00.',
    },
    {
      what: 'a length less than its own',
      bytes: Buffer.from('Z\0\0\0\x03'),
      error:
        'The server sent ReadyForQuery with a length of 3, which is less than that of the length itself.',
    },
    {
      what: 'a length beyond the limit',
      bytes: Buffer.from('D\0\0\x03\xe9', 'latin1'),
      error: 'The server sent DataRow with a length of 1001 bytes, and the limit is 1000.',
    },
    {
      what: 'a negative length',
      bytes: Buffer.from('D\xff\xff\xff\xff', 'latin1'),
      error: 'The server sent DataRow with a length of 4294967295 bytes, and the limit is 1000.',
    },
  ])('$what, as soon as that is known', ({ bytes, error }) => {
    expect(errorOf(() => messagesOf(typed(), bytes))).toBe(error)
    const reader = typed()
    const inSingles = (): void => {
      for (const byte of bytes) messagesOf(reader, Buffer.of(byte))
    }
    expect(errorOf(inSingles)).toBe(error)
  })

  test.each([
    {
      what: 'a TLS handshake',
      bytes: Buffer.from('16030105a8', 'hex'),
      error:
        'The client begins with TLS without asking (sslnegotiation=direct), and Lockstep speaks none: connect with sslmode=disable.',
    },
    {
      what: 'an HTTP request',
      bytes: Buffer.from('GET / HTTP/1.1\r\n'),
      error:
        'The client sent a first message that opens no connection with a length of 1195725856 bytes, and the limit is 10000.',
    },
  ])('$what', ({ bytes, error }) => {
    const reader = new MessageReader('client', 1_000_000, false)
    expect(errorOf(() => messagesOf(reader, bytes))).toBe(error)
  })
})
