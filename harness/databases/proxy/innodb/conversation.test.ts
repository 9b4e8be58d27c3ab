import { describe, expect, test } from 'vitest'
import { WireError } from '../wire.ts'
import {
  client,
  open,
  read,
  server,
  written,
  plain,
  attributed,
  query,
  int,
  outcomesIn,
  requestsIn,
  kindsOf,
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
  textRow,
  uint,
} from './fixtures/packets.ts'
import { packetOf } from './packets.ts'

describe('what is no step', () => {
  test.each([
    { name: 'COM_PING', said: command(0x0e), answers: [ok()] },
    { name: 'COM_INIT_DB', said: command(0x02, 'db'), answers: [ok()] },
    { name: 'COM_SET_OPTION', said: command(0x1b, uint(0, 2)), answers: [eof()] },
    { name: 'COM_STATISTICS', said: command(0x09), answers: [Buffer.from('Uptime: 1')] },
    { name: 'COM_FIELD_LIST', said: command(0x04, 't\0'), answers: [int('a'), int('b'), eof()] },
    {
      name: 'COM_STMT_RESET',
      said: command(0x1a, uint(1, 4)),
      answers: [err(1243, 'HY000', 'no')],
    },
    { name: 'COM_PROCESS_KILL', said: command(0x0c, uint(1, 4)), answers: [ok()] },
  ])('$name passes, and its answer', ({ said, answers }) => {
    const follower = open(plain)
    const conversation = [client(said), server(answer(...answers))]
    const events = read(follower, conversation)
    expect(new Set(kindsOf(events))).toEqual(new Set(['pass']))
    expect(written(events)).toEqual(Buffer.concat(conversation.map(({ bytes }) => bytes)))
    expect(() => read(follower, [server(answer(ok()))])).toThrow('an answer to nothing')
  })

  test.each([
    { name: 'COM_RESET_CONNECTION', said: command(0x1f), answers: [ok()] },
    { name: 'COM_CHANGE_USER', said: command(0x11), answers: [ok()] },
  ])('$name passes, and says when it is done', ({ said, answers }) => {
    const follower = open(plain)
    const conversation = [client(said), server(answer(...answers))]
    const events = read(follower, conversation)
    expect(kindsOf(events)).toEqual(['pass', 'renewed'])
    expect(written(events)).toEqual(Buffer.concat(conversation.map(({ bytes }) => bytes)))
    expect(() => read(follower, [server(answer(ok()))])).toThrow('an answer to nothing')
  })

  test('COM_QUIT and COM_STMT_CLOSE are not answered', () => {
    const follower = open(plain)
    read(follower, [client(command(0x19, uint(1, 4))), client(command(0x01))])
    expect(() => read(follower, [server(answer(ok()))])).toThrow('an answer to nothing')
  })

  test('another user can take over, as when a session is opened', () => {
    const conversation = [
      client(command(0x11, 'other\0')),
      server(answer(Buffer.from('\u00FEmysql_native_password\0salt', 'latin1'))),
      client(packetOf(2, Buffer.from('scrambled'))),
      server(answerFrom(3, ok())),
    ]
    const events = read(open(plain), conversation)
    expect(new Set(kindsOf(events))).toEqual(new Set(['pass', 'renewed']))
    expect(written(events)).toEqual(Buffer.concat(conversation.map(({ bytes }) => bytes)))
  })
})

describe('what ends a transaction without a statement', () => {
  const beginning = [query('BEGIN'), server(answer(ok(inTransaction)))]

  test('is a step while one is open', () => {
    const follower = open(plain)
    const events = read(follower, [...beginning, client(command(0x1f)), server(answer(ok()))])
    expect(requestsIn(events)[1]?.statement.parts).toEqual(['ROLLBACK /* COM_RESET_CONNECTION */'])
    expect(outcomesIn(events)[1]).toEqual({
      ok: true,
      rows: [],
      affectedRows: 0,
      transaction: 'none',
    })
    expect(follower.transaction).toBe('none')
  })

  test('is none once it is over', () => {
    const over = [query('ROLLBACK'), server(answer(ok())), client(command(0x1f))]
    const events = read(open(plain), [...beginning, ...over])
    expect(kindsOf(events.slice(4))).toEqual(['pass'])
  })

  test('is a step while one may be open', () => {
    const events = read(open(plain), [query('BEGIN'), client(command(0x1f))])
    expect(kindsOf(events)).toEqual(['request', 'request'])
  })

  test('lets the client hear what it is asked meanwhile', () => {
    const question = answer(Buffer.from('\u00FEmysql_native_password\0salt', 'latin1'))
    const events = read(open(plain), [
      ...beginning,
      client(command(0x11, 'other\0')),
      server(question),
      client(packetOf(2, Buffer.from('scrambled'))),
      server(answerFrom(3, ok())),
    ])
    expect(kindsOf(events.slice(2))).toEqual(['request', 'pass', 'pass', 'response'])
    expect(events[4]).toMatchObject({ isPartOfRequest: true })
    expect(written(events.slice(3, 4))).toEqual(question)
  })
})

describe('an injection', () => {
  test.each([
    { agreed: plain, payload: '\u0003DO 0' },
    { agreed: attributed, payload: '\u0003\0\u0001DO 0' },
  ])(
    'is asked in the client’s place, and the client hears nothing of it',
    ({ agreed, payload }) => {
      const follower = open(agreed)
      const injection = follower.inject('DO 0')
      expect(injection.bytes).toEqual([packetOf(0, Buffer.from(payload))])
      follower.sent(injection)
      expect(read(follower, [server(answer(ok(inTransaction)).subarray(0, 6))])).toEqual([])
      expect(follower.held()).toEqual([])
      const events = read(follower, [server(answer(ok(inTransaction)).subarray(6))])
      const outcome = { ok: true, rows: [], affectedRows: 0, transaction: 'open' }
      expect(events).toEqual([{ kind: 'injected', outcome }])
      expect(follower.transaction).toBe('open')
    },
  )
})

describe('a session', () => {
  test('is answered in the order in which it asked', () => {
    const follower = open(plain)
    const events = read(follower, [
      query('DO 1'),
      client(command(0x0e)),
      query('DO 2'),
      server(Buffer.concat([answer(ok(autocommit, 1)), answer(ok()), answer(ok(autocommit, 2))])),
    ])
    expect(kindsOf(events.slice(3))).toEqual(['response', 'pass', 'response'])
    expect(outcomesIn(events)).toMatchObject([{ affectedRows: 1 }, { affectedRows: 2 }])
  })

  test('may be ended by the server with a word, which passes', () => {
    const farewell = answerFrom(0, err(4031, 'HY000', 'The client was disconnected'))
    expect(written(read(open(plain), [server(farewell)]))).toEqual(farewell)
    const events = read(open(plain), [query('SELECT 1'), server(farewell)])
    expect(outcomesIn(events)).toMatchObject([{ ok: false, error: { number: 4031 } }])
  })

  test.each([
    {
      said: client(command(0x12, 'binlog')),
      wrong: 'The client sent command 18, which is not one that can be followed.',
    },
    {
      said: client(packetOf(0, Buffer.alloc(0))),
      wrong: 'The client sent an empty packet where a command was due.',
    },
    {
      said: client(packetOf(4, Buffer.from('\u0003SELECT 1'))),
      wrong: 'The client sent packet 4 where packet 0 was due, which begins a command.',
    },
    { said: server(answer(ok())), wrong: 'The server sent an answer to nothing.' },
  ])('ends with: $wrong', ({ said, wrong }) => {
    expect(() => read(open(plain), [said])).toThrow(new WireError(wrong))
  })

  test.each([
    { answers: answerFrom(2, ok()), wrong: 'The server sent packet 2 where packet 1 was due.' },
    { answers: answer(Buffer.alloc(0)), wrong: 'The server sent an empty packet as an answer.' },
    {
      answers: answer(Buffer.from([0, 0xfe])),
      wrong: "The server's end of an answer ends too early.",
    },
    {
      answers: answer(Buffer.from([1, 1])),
      wrong: "The server's beginning of a result has 1 bytes too many.",
    },
    {
      answers: answer(lenenc(70_000)),
      wrong: "The server's beginning of a result has 70000 columns.",
    },
    {
      answers: answer(lenenc(1), int('a'), textRow('1')),
      wrong: 'The server did not end the descriptions of the columns of a result.',
    },
    {
      answers: answer(lenenc(1), int('a'), eof(), Buffer.from([5, 49])),
      wrong: "The server's row ends too early.",
    },
    {
      answers: answer(lenenc(1), int('a'), eof(), textRow('1', '2')),
      wrong: "The server's row has 2 bytes too many.",
    },
    {
      answers: answer(lenenc(1), Buffer.from([3, 100])),
      wrong: "The server's description of a column ends too early.",
    },
  ])('ends an answer with: $wrong', ({ answers, wrong }) => {
    expect(() => read(open(plain), [query('SELECT'), server(answers)])).toThrow(
      new WireError(wrong),
    )
  })
})
