import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WireError } from '../wire.ts'
import { piecesOf } from './fixtures/packets.ts'
import { MessageReader, packetOf } from './packets.ts'

const largest = 0xff_ff_ff

const sizes = (reader: MessageReader, chunk: Buffer): number[] =>
  reader.read(chunk).map(({ payload }) => payload.length)

describe('MessageReader', () => {
  test('finds the same messages however the bytes are cut', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 6 })
    fc.assert(
      fc.property(payloads, fc.array(fc.nat(200)), (contents, cuts) => {
        const stream = Buffer.concat(
          contents.map((each, index) => packetOf(index, Buffer.from(each))),
        )
        const reader = new MessageReader('server', 1_000)
        const messages = piecesOf(stream, cuts).flatMap((piece) => reader.read(piece))
        expect(messages.map(({ payload }) => [...payload])).toEqual(
          contents.map((each) => [...each]),
        )
        expect(Buffer.concat(messages.flatMap(({ bytes }) => bytes))).toEqual(stream)
        expect(messages.map(({ sequence }) => sequence)).toEqual(contents.map((_, index) => index))
        expect(Buffer.concat(reader.held)).toHaveLength(0)
      }),
    )
  })

  test('puts a message of several packets together', () => {
    const reader = new MessageReader('client', 3 * largest)
    const stream = Buffer.concat([
      packetOf(0, Buffer.alloc(largest, 'a')),
      packetOf(1, Buffer.alloc(largest, 'b')),
      packetOf(2, Buffer.from('c')),
    ])
    const [message, ...others] = reader.read(stream)
    expect(others).toEqual([])
    expect(message).toMatchObject({ sequence: 0, next: 3 })
    expect(message?.payload.length).toBe(2 * largest + 1)
    expect(message?.payload.at(-1)).toBe('c'.charCodeAt(0))
    expect(Buffer.concat(message?.bytes ?? []).equals(stream)).toBe(true)
  })

  test('takes an empty packet for the end of a message that fills the ones before it', () => {
    const reader = new MessageReader('client', 2 * largest)
    expect(sizes(reader, packetOf(255, Buffer.alloc(largest)))).toEqual([])
    expect(sizes(reader, packetOf(0, Buffer.alloc(0)))).toEqual([largest])
  })

  test('keeps what is not whole', () => {
    const reader = new MessageReader('server', 100)
    const stream = Buffer.concat([packetOf(0, Buffer.from('whole')), Buffer.from([9, 0])])
    expect(reader.read(stream)).toHaveLength(1)
    expect(Buffer.concat(reader.held)).toEqual(Buffer.from([9, 0]))
  })

  test('refuses a message that would be too large, before it is there', () => {
    const reader = new MessageReader('server', 10)
    expect(sizes(reader, packetOf(0, Buffer.alloc(10)))).toEqual([10])
    expect(() => reader.read(Buffer.from([11, 0, 0, 0]))).toThrow(
      new WireError('The server sent a message of more than 10 bytes, which is the limit here.'),
    )
  })

  test('adds up the packets of a message for the limit', () => {
    const reader = new MessageReader('client', largest + 10)
    reader.read(packetOf(0, Buffer.alloc(largest)))
    expect(() => reader.read(packetOf(1, Buffer.alloc(11)))).toThrow(WireError)
  })

  test('refuses packets of one message that are not in sequence', () => {
    const reader = new MessageReader('client', 2 * largest)
    reader.read(packetOf(0, Buffer.alloc(largest)))
    expect(() => reader.read(packetOf(2, Buffer.alloc(1)))).toThrow(
      new WireError('The client sent packet 2 of a message after packet 0.'),
    )
  })
})
