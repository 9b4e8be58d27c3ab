import { describe, expect, test } from 'vitest'
import { WireError } from '../wire.ts'
import {
  client,
  follow,
  opening,
  read,
  server,
  written,
  plain,
  modern,
  query,
  kindsOf,
} from './fixtures/conversation.ts'
import {
  answer,
  answerFrom,
  err,
  everything,
  flags,
  greeting,
  login,
  ok,
  uint,
} from './fixtures/packets.ts'
import { packetOf } from './packets.ts'

describe('opening a session', () => {
  test('passes, and ends with the number of the session', () => {
    const events = read(follow(), opening(modern))
    expect(kindsOf(events)).toEqual(['pass', 'pass', 'ready'])
    expect(events[2]).toMatchObject({ id: 77 })
    expect(written(events.slice(2))).toEqual(answerFrom(2, ok()))
  })

  test('passes every further question about who the client is', () => {
    const conversation = [
      server(greeting(plain)),
      client(login(plain)),
      server(packetOf(2, Buffer.from('\u00FEcaching_sha2_password\0salt', 'latin1'))),
      client(packetOf(3, Buffer.from('scrambled'))),
      server(packetOf(4, Buffer.from([1, 4]))),
      client(packetOf(5, Buffer.from([2]))),
      server(packetOf(6, Buffer.from('\u0001-----BEGIN PUBLIC KEY-----', 'latin1'))),
      client(packetOf(7, Buffer.alloc(256, 1))),
      server(packetOf(8, Buffer.from('\u0002second factor\0', 'latin1'))),
      client(packetOf(9, Buffer.alloc(0))),
      server(packetOf(10, ok())),
    ]
    const events = read(follow(), conversation)
    expect(kindsOf(events)).toEqual([...Array.from({ length: 10 }, () => 'pass'), 'ready'])
    expect(written(events)).toEqual(Buffer.concat(conversation.map(({ bytes }) => bytes)))
  })

  test('passes a refusal, after which nothing follows', () => {
    const follower = follow()
    const events = read(follower, [
      server(greeting(plain)),
      client(login(plain)),
      server(answerFrom(2, err(1045, '28000', 'Access denied'))),
    ])
    expect(kindsOf(events)).toEqual(['pass', 'pass', 'pass'])
    expect(() => read(follower, [query('SELECT 1')])).toThrow(
      new WireError('The client goes on, though the server has refused it.'),
    )
  })

  test('passes a server that is full', () => {
    const full = answerFrom(0, Buffer.from('\u00FF\u0010\u0004Too many connections', 'latin1'))
    expect(written(read(follow(), [server(full)]))).toEqual(full)
  })

  test.each([
    { title: 'MySQL', mariadb: undefined },
    { title: 'MariaDB', mariadb: 0b111_111 },
  ])('changes nothing of the greeting of $title but what it offers', ({ mariadb }) => {
    const { compress, localFiles, tls, optionalMetadata, zstandard } = flags
    const before = greeting(everything, mariadb)
    const after = written(read(follow(), [server(before)]))
    const kept = everything & ~(compress | localFiles | tls | optionalMetadata | zstandard)
    const keptOfMariadb = mariadb === undefined ? undefined : 0b101_100
    expect(after).toEqual(greeting(kept, keptOfMariadb))
  })

  test.each([
    { asks: modern | flags.tls, what: 'TLS' },
    { asks: modern | flags.compress, what: 'compression' },
    { asks: modern | flags.zstandard, what: 'compression' },
    {
      asks: modern | flags.optionalMetadata,
      what: 'results without descriptions of their columns',
    },
  ])('is refused to a client that asks for $what', ({ asks, what }) => {
    expect(() => read(follow(), [server(greeting(everything)), client(login(asks))])).toThrow(
      new WireError(
        `The client asks for ${what}, which it was not offered on its way through Lockstep: turn it off in its settings.`,
      ),
    )
  })

  test.each([
    { mariadb: 1, what: 'progress reports' },
    { mariadb: 2, what: 'several commands in one packet' },
    { mariadb: 16, what: 'results without descriptions of their columns' },
  ])("is refused to a client of MariaDB's that asks for $what", ({ mariadb, what }) => {
    const conversation = [server(greeting(modern, 255)), client(login(modern, mariadb))]
    expect(() => read(follow(), conversation)).toThrow(what)
  })

  test('is refused to a client that begins with TLS', () => {
    const request = packetOf(
      1,
      Buffer.concat([uint(flags.protocol41 | flags.tls, 4), Buffer.alloc(28)]),
    )
    expect(() => read(follow(), [server(greeting(everything)), client(request)])).toThrow('TLS')
  })

  test('is refused to a client that begins with TLS where nobody speaks it', () => {
    const conversation = [server(greeting(plain)), client(login(plain | flags.tls))]
    expect(() => read(follow(), conversation)).toThrow('TLS')
  })

  test("does not take what a client of MySQL's has reserved for what MariaDB has", () => {
    const said = [server(greeting(modern, 255)), client(login(modern | flags.longPassword, 255))]
    expect(kindsOf(read(follow(), said))).toEqual(['pass', 'pass'])
  })

  test('lets a client ask for what the server never offered, as that changes nothing', () => {
    const conversation = opening(plain | flags.compress | flags.localFiles, undefined, plain)
    expect(kindsOf(read(follow(), conversation))).toEqual(['pass', 'pass', 'ready'])
  })

  test.each([
    { said: [client(login(plain))], wrong: 'The client spoke before the server had greeted it.' },
    {
      said: [server(greeting(plain)), client(login(0))],
      wrong: 'The client speaks a protocol from before MySQL 4.1, which is not followed.',
    },
    {
      said: [server(greeting(plain)), client(packetOf(1, Buffer.alloc(3)))],
      wrong: "The client's answer to the greeting ends too early.",
    },
    {
      said: [server(greeting(plain)), client(packetOf(2, Buffer.alloc(40)))],
      wrong: 'The client sent packet 2 where packet 1 was due.',
    },
    {
      said: [server(packetOf(0, Buffer.from('\u0009old\0', 'latin1')))],
      wrong: "The server's greeting is of protocol 9, not 10.",
    },
    {
      said: [server(packetOf(0, Buffer.from([10, 56])))],
      wrong: "The server's greeting has a text without an end.",
    },
    {
      said: [server(greeting(plain)), server(answer(ok()))],
      wrong: 'The server did not wait for an answer to its greeting.',
    },
    {
      said: [server(greeting(plain)), client(login(plain)), server(answerFrom(2, uint(7, 1)))],
      wrong: 'The server sent a packet that begins with 7 while it made sure who the client is.',
    },
  ])('ends with: $wrong', ({ said, wrong }) => {
    expect(() => read(follow(), said)).toThrow(new WireError(wrong))
  })
})
