import pg from 'pg'
import { describe, expect, test } from 'vitest'
import type { WireOutcome } from '../wire.ts'
import type { Conversation } from './fixtures/conversation.ts'
import { client, int32, server } from './fixtures/messages.ts'
import { opened } from './fixtures/opened.ts'

const { builtins } = pg.types

const id = { name: 'id', type: builtins.INT4 }

const outcomesOf = (conversation: Conversation): readonly WireOutcome[] =>
  conversation.all('response').map(({ outcome }) => outcome)

const kindsOf = ({ events }: Conversation): readonly string[] => events.map(({ kind }) => kind)

const executed = (sql: string): readonly Buffer[] => [
  client.parse(sql),
  client.bind(),
  client.describePortal(),
  client.execute(),
]

describe('the answer to a simple query', () => {
  test('is whole with ReadyForQuery, and the client is told all of it at once', () => {
    const answer = [
      server.columns(id, { name: 'code', type: builtins.TEXT }),
      server.row('1', 'C1'),
      server.row('2', null),
      server.complete('SELECT 2'),
      server.ready('T'),
    ]
    const conversation = opened().client(client.query('SELECT id, code FROM coupon'))
    conversation.server(...answer.slice(0, -1))
    expect(kindsOf(conversation)).toEqual(['request', 'to server'])
    conversation.server(...answer.slice(-1))
    expect(conversation.events.slice(2)).toEqual([
      {
        kind: 'response',
        outcome: {
          ok: true,
          rows: [
            { id: 1, code: 'C1' },
            { id: 2, code: null },
          ],
          affectedRows: 2,
          transaction: 'open',
        },
      },
      { kind: 'to client', bytes: Buffer.concat(answer) },
    ])
    expect(conversation.follower.transaction).toBe('open')
  })

  test.each([
    { tag: 'INSERT 0 3', affectedRows: 3 },
    { tag: 'UPDATE 2', affectedRows: 2 },
    { tag: 'COPY 10', affectedRows: 10 },
    { tag: 'CREATE TABLE', affectedRows: 0 },
    { tag: 'BEGIN', affectedRows: 0 },
  ])('says with $tag that $affectedRows rows were affected', ({ tag, affectedRows }) => {
    const conversation = opened().client(client.query('X'))
    conversation.server(server.complete(tag), server.ready())
    expect(outcomesOf(conversation)).toEqual([
      { ok: true, rows: [], affectedRows, transaction: 'none' },
    ])
  })

  test('of several statements has the rows of the last that returns any', () => {
    const conversation = opened().client(client.query('SELECT 1; SELECT 2; COMMIT'))
    conversation.server(
      server.columns(id),
      server.row('1'),
      server.complete('SELECT 1'),
      server.columns(id),
      server.row('2'),
      server.complete('SELECT 1'),
      server.complete('COMMIT'),
      server.ready(),
    )
    expect(outcomesOf(conversation)).toMatchObject([{ rows: [{ id: 2 }], affectedRows: 0 }])
  })

  test('may be empty', () => {
    const conversation = opened().client(client.query('')).server(server.empty(), server.ready())
    expect(outcomesOf(conversation)).toMatchObject([{ ok: true, rows: [], affectedRows: 0 }])
  })

  test('may be a refusal, whatever went well before it', () => {
    const conversation = opened().client(client.query('SELECT 1; SELECT 1/0'))
    conversation.server(
      server.columns(id),
      server.row('1'),
      server.complete('SELECT 1'),
      server.error('22012', 'division by zero'),
      server.ready('E'),
    )
    expect(outcomesOf(conversation)).toEqual([
      {
        ok: false,
        error: { code: '22012', message: 'division by zero' },
        transaction: 'failed',
      },
    ])
  })

  test('has what else arrives meanwhile, in its place', () => {
    const answer = [
      server.notice('01000'),
      server.parameterStatus(),
      server.notification(),
      server.complete('SET'),
      server.ready(),
    ]
    const conversation = opened()
      .client(client.query('SET x = 1'))
      .server(...answer)
    expect(kindsOf(conversation)).toEqual([
      'request',
      'to server',
      'notice',
      'response',
      'to client',
    ])
    expect(conversation.written('client')).toEqual(Buffer.concat(answer))
  })
})

test('the answer to a function call is whole with ReadyForQuery', () => {
  const conversation = opened().client(client.functionCall(1))
  conversation.server(server.functionResult())
  expect(outcomesOf(conversation)).toEqual([])
  conversation.server(server.ready())
  expect(outcomesOf(conversation)).toMatchObject([{ ok: true }])
})

describe('the answer to what was executed', () => {
  const columns = server.columns(id)

  test('is whole with ReadyForQuery, if Sync was sent', () => {
    const answer = [
      server.parsed(),
      server.bound(),
      columns,
      server.row('7'),
      server.complete('SELECT 1'),
      server.ready(),
    ]
    const conversation = opened().client(...executed('SELECT 7'), client.sync())
    for (const each of answer) {
      expect(outcomesOf(conversation)).toEqual([])
      conversation.server(each)
    }
    expect(outcomesOf(conversation)).toMatchObject([{ rows: [{ id: 7 }], affectedRows: 1 }])
    expect(conversation.written('client')).toEqual(Buffer.concat(answer))
  })

  test('is whole with the last completion, if Flush was sent, and its transaction goes on', () => {
    const conversation = opened().client(...executed('INSERT'), client.flush())
    conversation.server(server.parsed(), server.bound(), server.noData())
    expect(outcomesOf(conversation)).toEqual([])
    conversation.server(server.complete('INSERT 0 1'))
    expect(outcomesOf(conversation)).toMatchObject([{ affectedRows: 1, transaction: 'open' }])
    conversation.client(client.sync()).server(server.ready())
    expect(outcomesOf(conversation)).toMatchObject([{}, { ok: true, transaction: 'none' }])
  })

  test('may be a refusal, after which the server waits for Sync', () => {
    const conversation = opened().client(...executed('SELEC'), client.sync())
    conversation.server(server.error('42601'))
    expect(outcomesOf(conversation)).toEqual([])
    conversation.server(server.ready('E'))
    expect(outcomesOf(conversation)).toMatchObject([
      { ok: false, error: { code: '42601' }, transaction: 'failed' },
    ])
  })

  test('may be a refusal by Sync, which commits', () => {
    const conversation = opened().client(...executed('INSERT'), client.sync())
    conversation.server(server.parsed(), server.bound(), server.noData())
    conversation.server(server.complete('INSERT 0 1'), server.error('23503'), server.ready())
    expect(outcomesOf(conversation)).toMatchObject([{ ok: false, error: { code: '23503' } }])
  })

  test('has rows whose columns were described before', () => {
    const conversation = opened()
      .client(client.parse('SELECT 1', 'one'), client.describeStatement('one'), client.sync())
      .server(server.parsed(), server.parameters(), columns, server.ready())
      .client(client.bind({ name: 'one' }), client.execute(), client.sync())
      .server(server.bound(), server.row('5'), server.complete('SELECT 1'), server.ready())
    expect(outcomesOf(conversation)).toMatchObject([{ rows: [{ id: 5 }] }])
  })

  test('has rows in the formats that were asked for', () => {
    const both = server.columns(id, { name: 'other', type: builtins.INT4 })
    const conversation = opened()
      .client(client.parse('SELECT', 'two'), client.describeStatement('two'), client.sync())
      .server(server.parsed(), server.parameters(), both, server.ready())
    for (const resultFormats of [[1], [1, 1], [0, 1], [], [0]]) {
      const answer = ([format]: readonly number[], value: number) =>
        format === 1 ? int32(value) : String(value)
      const second = resultFormats.length > 1 ? resultFormats.slice(1) : resultFormats
      conversation
        .client(client.bind({ name: 'two', resultFormats }), client.execute(), client.sync())
        .server(server.bound(), server.row(answer(resultFormats, 3), answer(second, 4)))
        .server(server.complete('SELECT 1'), server.ready())
      expect(outcomesOf(conversation).at(-1)).toMatchObject({ rows: [{ id: 3, other: 4 }] })
    }
  })

  test('has rows by their place where nobody has described them', () => {
    const conversation = opened()
      .client(client.parse('SELECT'), client.bind({ resultFormats: [0, 1] }), client.execute())
      .client(client.sync())
      .server(server.parsed(), server.bound(), server.row('a', Buffer.of(1, 2)))
      .server(server.complete('SELECT 1'), server.ready())
    expect(outcomesOf(conversation)).toMatchObject([
      { rows: [{ column1: 'a', column2: String.raw`\x0102` }] },
    ])
  })

  test('has no rows of an earlier request', () => {
    const conversation = opened()
      .client(...executed('SELECT 7'), client.sync())
      .server(server.parsed(), server.bound(), columns, server.row('7'))
      .server(server.complete('SELECT 1'), server.ready())
      .client(client.bind(), client.execute(), client.sync())
      .server(server.bound(), server.complete('SELECT 0'), server.ready())
    expect(outcomesOf(conversation)).toMatchObject([
      { affectedRows: 1 },
      { rows: [], affectedRows: 0 },
    ])
  })

  test('has what was fetched until its portal was suspended, and then the rest', () => {
    const conversation = opened()
      .client(client.parse('SELECT'), client.bind(), client.describePortal())
      .client(client.execute('', 2), client.sync())
      .server(server.parsed(), server.bound(), columns, server.row('1'), server.row('2'))
      .server(server.suspended(), server.ready('T'))
      .client(client.execute('', 2), client.sync())
      .server(server.row('3'), server.complete('SELECT 1'), server.ready('T'))
    expect(outcomesOf(conversation)).toMatchObject([
      { rows: [{ id: 1 }, { id: 2 }], affectedRows: 2 },
      { rows: [{ id: 3 }], affectedRows: 1 },
    ])
  })

  test('is without rows if the last statement that could return any has none', () => {
    const conversation = opened()
      .client(...executed('SELECT 7'), ...executed('SELECT 8'), client.sync())
      .server(server.parsed(), server.bound(), columns, server.row('7'))
      .server(server.complete('SELECT 1'), server.parsed(), server.bound(), columns)
      .server(server.complete('SELECT 0'), server.ready())
    expect(outcomesOf(conversation)).toMatchObject([{ rows: [], affectedRows: 0 }])
  })

  test('is of the last statement of several', () => {
    const conversation = opened()
      .client(...executed('SELECT 7'), ...executed('UPDATE'), client.sync())
      .server(server.parsed(), server.bound(), columns, server.row('7'))
      .server(server.complete('SELECT 1'), server.parsed(), server.bound(), server.noData())
      .server(server.complete('UPDATE 4'), server.ready())
    expect(outcomesOf(conversation)).toMatchObject([{ rows: [{ id: 7 }], affectedRows: 4 }])
  })
})

describe('after an error and until Sync', () => {
  const whole = executed('INSERT')

  test('a request that was sent ahead is refused as well, without a word of the server', () => {
    const conversation = opened().client(...whole, client.flush(), ...whole, client.flush())
    conversation.server(server.error('23505', 'duplicate'))
    const refused = { ok: false, error: { code: '23505', message: 'duplicate' } }
    expect(outcomesOf(conversation)).toMatchObject([refused, refused])
    conversation.client(client.sync()).server(server.ready())
    expect(outcomesOf(conversation)).toMatchObject([refused, refused, { ok: true }])
    expect(conversation.written('client')).toEqual(
      Buffer.concat([server.error('23505', 'duplicate'), server.ready()]),
    )
  })

  test('a simple query is passed over as well', () => {
    const conversation = opened().client(...whole, client.flush(), client.query('SELECT 1'))
    conversation.server(server.error('23505'))
    expect(outcomesOf(conversation)).toMatchObject([{ ok: false }, { ok: false }])
  })

  test('a request with Sync is refused, and its answer is ReadyForQuery', () => {
    const conversation = opened()
      .client(client.parse('SELEC'), client.describeStatement(), client.flush())
      .server(server.error('42601', 'syntax'))
      .client(...whole, client.sync())
    expect(outcomesOf(conversation)).toEqual([])
    conversation.server(server.ready())
    expect(outcomesOf(conversation)).toEqual([
      { ok: false, error: { code: '42601', message: 'syntax' }, transaction: 'none' },
    ])
  })

  test('a preparation that failed is followed by Sync alone', () => {
    const conversation = opened()
      .client(client.parse('SELEC'), client.describeStatement(), client.flush())
      .server(server.error('42601'))
      .client(client.sync())
      .server(server.ready())
    expect(kindsOf(conversation)).toEqual(['to server', 'to client', 'to server', 'to client'])
  })

  test('a transaction has failed, and none outside of one', () => {
    const conversation = opened().client(...whole, client.flush())
    conversation.server(server.error('23505'))
    expect(conversation.follower.transaction).toBe('none')
    const inside = opened()
      .client(client.query('BEGIN'))
      .server(server.complete('BEGIN'), server.ready('T'))
      .client(...whole, client.flush())
      .server(server.error('23505'))
    expect(inside.follower.transaction).toBe('failed')
  })
})

test.each([
  { sql: 'BEGIN', tag: 'BEGIN', transaction: 'open' },
  { sql: 'COMMIT', tag: 'COMMIT', transaction: 'none' },
  { sql: 'ROLLBACK', tag: 'ROLLBACK', transaction: 'none' },
  { sql: 'ROLLBACK TO a', tag: 'ROLLBACK', transaction: 'open' },
  { sql: 'COMMIT AND CHAIN', tag: 'COMMIT', transaction: 'open' },
  { sql: 'SELECT 1', tag: 'SELECT 1', transaction: 'open' },
])('without Sync, the transaction after $sql is $transaction', ({ sql, tag, transaction }) => {
  const conversation = opened()
    .client(client.query('BEGIN'))
    .server(server.complete('BEGIN'), server.ready('T'))
    .client(...executed(sql), client.flush())
    .server(server.parsed(), server.bound(), server.noData(), server.complete(tag))
  expect(outcomesOf(conversation).at(-1)).toMatchObject({ transaction })
})

describe('what nobody asked for', () => {
  test('goes to the client at once, between requests', () => {
    const messages = [server.notification(), server.notice('00000'), server.parameterStatus()]
    const conversation = opened().server(Buffer.concat(messages))
    expect(conversation.events).toEqual([
      { kind: 'to client', bytes: messages[0] },
      { kind: 'notice', code: '00000' },
      { kind: 'to client', bytes: Buffer.concat(messages.slice(1)) },
    ])
  })

  test('is said before anything that comes after it', () => {
    const conversation = opened()
      .client(client.query('SELECT'))
      .server(Buffer.concat([server.notice('P0001'), server.complete('SELECT'), server.ready()]))
    expect(kindsOf(conversation)).toEqual([
      'request',
      'to server',
      'notice',
      'response',
      'to client',
    ])
  })
})

describe('the end of a session', () => {
  const fatal = server.error('57P01', 'terminating connection', 'FATAL')
  const ended = { ok: false, error: { code: '57P01', message: 'terminating connection' } }

  test('is the answer to the request under way', () => {
    const conversation = opened().client(client.query('SELECT 1')).server(fatal)
    expect(outcomesOf(conversation)).toEqual([{ ...ended, transaction: 'none' }])
    expect(conversation.written('client')).toEqual(fatal)
  })

  test('does not hide what was refused before it', () => {
    const conversation = opened().client(client.query('SELECT 1'))
    conversation.server(server.error('22012'), fatal)
    expect(outcomesOf(conversation)).toMatchObject([{ ok: false, error: { code: '22012' } }])
  })

  test('ends a request behind a preparation, too', () => {
    const conversation = opened()
      .client(client.parse('SELECT 1'), client.flush(), client.bind(), client.execute())
      .client(client.sync())
      .server(fatal)
    expect(outcomesOf(conversation)).toMatchObject([ended])
    expect(conversation.written('client')).toEqual(fatal)
  })

  test('goes to the client where nothing was asked', () => {
    expect(opened().server(fatal).events).toEqual([{ kind: 'to client', bytes: fatal }])
  })

  test('goes to the client even while the harness has asked something', () => {
    const conversation = opened().inject('SELECT 1').server(fatal)
    expect(conversation.all('injected')).toMatchObject([{ outcome: ended }])
    expect(conversation.written('client')).toEqual(fatal)
  })
})

describe('what is held back', () => {
  test('is the answer as far as it has come', () => {
    const conversation = opened().client(client.query('SELECT 1'))
    expect(conversation.follower.held()).toEqual([])
    const answer = Buffer.concat([server.columns(id), server.row('1')])
    conversation.server(answer.subarray(0, -2))
    expect(Buffer.concat(conversation.follower.held())).toEqual(answer.subarray(0, -2))
    conversation.server(answer.subarray(-2), server.complete('SELECT 1'), server.ready())
    expect(conversation.follower.held()).toEqual([])
  })

  test('is a message that is not whole', () => {
    const bytes = server.notice()
    const conversation = opened().server(bytes.subarray(0, 9))
    expect(Buffer.concat(conversation.follower.held())).toEqual(bytes.subarray(0, 9))
  })

  test('is nothing that the harness has asked for', () => {
    const conversation = opened().inject('SELECT 1').server(server.parsed().subarray(0, 3))
    expect(conversation.follower.held()).toEqual([])
  })

  test('has a limit', () => {
    const conversation = opened({ bytes: 1_000 }).client(client.query('SELECT'))
    conversation.server(server.columns(id))
    const send = (): void => {
      for (let row = 0; row < 100; row++) conversation.server(server.row('1234567890'))
    }
    expect(send).toThrow('The server sent an answer of more than 1000 bytes.')
  })
})

describe('it is not the protocol when', () => {
  test.each<{ what: string; run: () => unknown; error: string }>([
    {
      what: 'something comes that was not asked for',
      run: () => opened().server(server.complete('SELECT 1')),
      error: 'The server sent CommandComplete when it was asked for nothing.',
    },
    {
      what: 'rows come that nothing describes',
      run: () => opened().client(client.query('X')).server(server.row('1')),
      error: 'The server sent DataRow where the answer to Query goes on.',
    },
    {
      what: 'the server is ready before it has answered',
      run: () => opened().client(client.query('X')).server(server.ready()),
      error: 'The server sent ReadyForQuery where the answer to Query goes on.',
    },
    {
      what: 'the answers are in another order',
      run: () =>
        opened()
          .client(...executed('X'), client.sync())
          .server(server.bound()),
      error: 'The server sent BindComplete where the answer to Parse goes on.',
    },
    {
      what: 'a description is without its parameters',
      run: () =>
        opened().client(client.describeStatement('one'), client.sync()).server(server.noData()),
      error: 'The server sent NoData where the answer to Describe goes on.',
    },
    {
      what: 'rows of a COPY come without a word of it',
      run: () => opened().client(client.query('X')).server(server.copyData('1')),
      error: 'The server sent CopyData where the answer to Query goes on.',
    },
    {
      what: 'a replication begins',
      run: () => opened().client(client.query('X')).server(server.copyBoth()),
      error: 'The server began a replication, which cannot be interleaved with anything.',
    },
    {
      what: 'a status is none',
      run: () =>
        opened()
          .client(client.query(''))
          .server(server.empty(), server.ready('X' as 'I')),
      error: 'The server sent ReadyForQuery with a status that is none.',
    },
    {
      what: 'a row ends too early',
      run: () =>
        opened()
          .client(client.query('X'))
          .server(server.columns(id), Buffer.from('D\0\0\0\x0a\0\x01\0\0\0\x09', 'latin1'))
          .server(server.complete('SELECT 1'), server.ready()),
      error: 'The server sent DataRow with 0 bytes left where 9 were announced.',
    },
  ])('$what', ({ run, error }) => {
    expect(run).toThrow(expect.objectContaining({ name: 'WireError', message: error }))
  })
})
