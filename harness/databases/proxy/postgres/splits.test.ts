import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from '../wire.ts'
import { Conversation } from './fixtures/conversation.ts'
import { client, int32, server } from './fixtures/messages.ts'
import { limits } from './fixtures/opened.ts'
import { postgresWire } from './index.ts'

/** What one side says before the other one does. */
interface Turn {
  readonly side: 'client' | 'server'
  readonly bytes: Buffer
}

const clientSays = (...messages: readonly Buffer[]): Turn => ({
  side: 'client',
  bytes: Buffer.concat(messages),
})
const serverSays = (...messages: readonly Buffer[]): Turn => ({
  side: 'server',
  bytes: Buffer.concat(messages),
})

const id = server.columns({ name: 'id', type: 23 })

/** One of everything. */
const turns: readonly Turn[] = [
  clientSays(client.wantsGss(), client.wantsTls(), client.startup()),
  serverSays(server.authentication(3)),
  clientSays(client.password()),
  serverSays(server.authentication(), server.parameterStatus(), server.keyData(42), server.ready()),
  clientSays(client.query('BEGIN'), client.query('SELECT 1')),
  serverSays(server.complete('BEGIN'), server.ready('T')),
  serverSays(server.notification(), id, server.row('1'), server.notice()),
  serverSays(server.complete('SELECT 1'), server.ready('T')),
  clientSays(client.parse('SELECT $1', 'one'), client.describeStatement('one'), client.flush()),
  serverSays(server.parsed(), server.parameters(23), id),
  clientSays(client.bind({ name: 'one', values: ['5'] }), client.execute(), client.sync()),
  serverSays(server.bound(), server.row('5'), server.complete('SELECT 1'), server.ready('T')),
  clientSays(client.bind({ name: 'one', values: [int32(6)], formats: [1] }), client.execute()),
  clientSays(client.flush(), client.bind({ name: 'none' }), client.execute(), client.sync()),
  serverSays(server.bound(), server.row('6'), server.complete('SELECT 1')),
  serverSays(server.error('26000'), server.ready('E')),
  clientSays(client.query('ROLLBACK'), client.functionCall(1)),
  serverSays(server.complete('ROLLBACK'), server.ready()),
  serverSays(server.functionResult(), server.ready()),
  clientSays(client.query('COPY t FROM STDIN')),
  serverSays(server.copyIn()),
  clientSays(client.copyData('1\n'), client.copyData('2\n'), client.copyDone()),
  serverSays(server.complete('COPY 2'), server.ready()),
  clientSays(client.query('COPY t TO STDOUT')),
  serverSays(
    server.copyOut(),
    server.copyData('1\n'),
    server.copyDone(),
    server.complete('COPY 1'),
  ),
  serverSays(server.ready()),
  clientSays(client.terminate()),
]

/** The bytes in pieces that end at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const inside = places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b)
  return [0, ...inside].map((place, index) => bytes.subarray(place, inside[index]))
}

function converse(said: readonly Turn[], pieces: (bytes: Buffer) => readonly Buffer[]) {
  const conversation = new Conversation(postgresWire.follow(limits))
  let error: string | undefined
  try {
    for (const { side, bytes } of said) conversation[side](...pieces(bytes))
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown
    error = thrown.message
  }
  return { conversation, error }
}

const atOnce = converse(turns, (bytes) => [bytes])

test('chunks may begin and end anywhere', () => {
  expect(atOnce.error).toBeUndefined()
  expect(atOnce.conversation.all('response')).toHaveLength(9)
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), fc.integer({ min: 0, max: 12 }), (numbers, count) => {
      const split = converse(turns, (bytes) => cut(bytes, [...numbers.take(count)]))
      expect(split.error).toBeUndefined()
      expect(split.conversation.events).toEqual(atOnce.conversation.events)
    }),
  )
  const inSingles = converse(turns, (bytes) => Array.from(bytes, (byte) => Buffer.of(byte)))
  expect(inSingles.conversation.events).toEqual(atOnce.conversation.events)
})

test('every byte goes through as it came, but for the wish for encryption', () => {
  const said = (side: Turn['side']): Buffer =>
    Buffer.concat(turns.flatMap((turn) => (turn.side === side ? [turn.bytes] : [])))
  const { conversation } = atOnce
  const wishes = client.wantsGss().length + client.wantsTls().length
  expect(conversation.written('server')).toEqual(said('client').subarray(wishes))
  expect(conversation.written('client')).toEqual(Buffer.concat([Buffer.from('NN'), said('server')]))
})

test('whatever comes, nothing is thrown but what says that it is not the protocol', () => {
  const change = fc.record({ place: fc.nat(), byte: fc.nat(255) })
  fc.assert(
    fc.property(
      fc.nat(turns.length - 1),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      (turn, changes, places) => {
        const changed = turns.map((each, index) => (index === turn ? alter(each, changes) : each))
        const { error } = converse(changed, (bytes) => cut(bytes, places))
        expect(error ?? 'none').toMatch(/^none$|^The (client|server) /)
      },
    ),
    { numRuns: 1_000 },
  )
})

function alter({ side, bytes }: Turn, changes: readonly { place: number; byte: number }[]): Turn {
  const altered = Buffer.from(bytes)
  for (const { place, byte } of changes) altered[place % altered.length] = byte
  return { side, bytes: altered }
}
