import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { showStatement, type Statement } from '../../statement.ts'
import type { Conversation } from './fixtures/conversation.ts'
import { client, int32, server } from './fixtures/messages.ts'
import { limits, opened } from './fixtures/opened.ts'

const { builtins } = pg.types

const statementsOf = (conversation: Conversation): readonly Statement[] =>
  conversation.all('request').map(({ statement }) => statement)

const shownIn = (conversation: Conversation): readonly string[] =>
  statementsOf(conversation).map(showStatement)

/** What is shown of what the client sends, where the server says nothing. */
const shown = (...messages: readonly Buffer[]): readonly string[] =>
  shownIn(opened().client(...messages))

describe('a request is', () => {
  test('a simple query, with all that is in it', () => {
    expect(shown(client.query('BEGIN; SELECT $1; COMMIT'))).toEqual(['BEGIN; SELECT $1; COMMIT'])
  })

  test('what is executed before Sync, in one piece and with its parameters', () => {
    const messages = [
      client.parse('UPDATE t SET a = $1 WHERE b = $2'),
      client.bind({ values: ['7', "it's"] }),
      client.describePortal(),
      client.execute(),
      client.sync(),
    ]
    const conversation = opened().client(...messages)
    expect(statementsOf(conversation)).toEqual([
      { parts: ['UPDATE t SET a = ', ' WHERE b = ', ''], params: [7, "it's"] },
    ])
    expect(conversation.written('server')).toEqual(Buffer.concat(messages))
  })

  test('what is executed before Flush', () => {
    expect(shown(client.parse('SELECT 1'), client.bind(), client.execute())).toEqual([])
    expect(
      shown(client.parse('SELECT 1'), client.bind(), client.execute(), client.flush()),
    ).toEqual(['SELECT 1'])
  })

  test('all that is executed in one go', () => {
    const one = [client.parse('SELECT $1'), client.bind({ values: ['1'] }), client.execute()]
    const two = [client.bind({ values: ['2'] }), client.execute()]
    expect(shown(...one, ...two, client.sync())).toEqual(['SELECT 1; SELECT 2'])
  })

  test('what is executed before a simple query, and the query', () => {
    const first = [client.parse('SELECT 1'), client.bind(), client.execute()]
    expect(shown(...first, client.query('SELECT 2'))).toEqual(['SELECT 1; SELECT 2'])
  })

  test('a function call', () => {
    expect(shown(client.functionCall(1299))).toEqual(['function call 1299'])
  })

  test('Sync, if it commits what was executed before it', () => {
    const executed = [client.parse('SELECT 1'), client.bind(), client.execute(), client.flush()]
    const answers = [server.parsed(), server.bound(), server.complete('INSERT 0 1')]
    const conversation = opened()
      .client(...executed)
      .server(...answers)
      .client(client.sync())
    expect(shownIn(conversation)).toEqual(['SELECT 1', 'sync'])
    conversation.server(server.ready()).client(client.sync())
    expect(shownIn(conversation)).toEqual(['SELECT 1', 'sync'])
  })
})

test('what only prepares something is none, and goes to the server at once', () => {
  const messages = [
    client.parse('SELECT 1', 'one'),
    client.describeStatement('one'),
    client.flush(),
    client.bind({ name: 'one', portal: 'p' }),
    client.closePortal('p'),
    client.closeStatement('one'),
    client.sync(),
  ]
  const conversation = opened().client(...messages)
  expect(conversation.events).toEqual([{ kind: 'to server', bytes: Buffer.concat(messages) }])
})

test('requests sent ahead wait for their turn', () => {
  const conversation = opened().client(Buffer.concat([client.query('ONE'), client.query('TWO')]))
  expect(shownIn(conversation)).toEqual(['ONE'])
  conversation.server(server.complete('ONE'))
  expect(shownIn(conversation)).toEqual(['ONE'])
  conversation.server(server.ready())
  expect(shownIn(conversation)).toEqual(['ONE', 'TWO'])
})

describe('a statement that was prepared', () => {
  test('is known by its name until it is closed', () => {
    const conversation = opened()
      .client(client.parse('SELECT $1', 'one'), client.sync())
      .server(server.parsed(), server.ready())
    const run = [client.bind({ name: 'one', values: ['5'] }), client.execute(), client.sync()]
    const answers = [server.bound(), server.complete('SELECT 0'), server.ready()]
    conversation.client(...run).server(...answers)
    conversation.client(client.closeStatement('one'), client.sync())
    conversation.server(server.closed(), server.ready()).client(...run)
    expect(shownIn(conversation)).toEqual(['SELECT 5', 'EXECUTE "one"(5)'])
  })

  test('is what it was where the server refuses to prepare it anew, or to close it', () => {
    const conversation = opened()
      .client(client.parse('SELECT 1', 'one'), client.sync())
      .server(server.parsed(), server.ready())
      .client(client.parse('SELECT 2', 'one'), client.closeStatement('one'), client.sync())
      .server(server.error('42P05'), server.ready())
      .client(client.bind({ name: 'one' }), client.execute(), client.sync())
    expect(shownIn(conversation)).toEqual(['SELECT 1'])
  })

  test('is unknown where the server has refused it', () => {
    const conversation = opened()
      .client(client.parse('SELEC 1', 'one'), client.sync())
      .server(server.error('42601'), server.ready())
      .client(client.bind({ name: 'one' }), client.execute(), client.sync())
    expect(shownIn(conversation)).toEqual(['EXECUTE "one"'])
  })

  test('is not forgotten for others that come and go', () => {
    const conversation = opened()
      .client(client.parse('SELECT 1', 'one'), client.sync())
      .server(server.parsed(), server.ready())
    for (let index = 0; index < 10_000; index++) {
      conversation
        .client(client.parse('SELECT 2', `n${index}`), client.closeStatement(`n${index}`))
        .client(client.sync())
        .server(server.parsed(), server.closed(), server.ready())
    }
    conversation.client(client.bind({ name: 'one' }), client.execute(), client.sync())
    expect(shownIn(conversation)).toEqual(['SELECT 1'])
  })

  test('without a name is replaced by a simple query', () => {
    const conversation = opened()
      .client(client.parse('SELECT 1'), client.bind(), client.sync())
      .server(server.parsed(), server.bound(), server.ready())
      .client(client.query('SELECT 2'))
      .server(server.complete('SELECT 1'), server.ready())
      .client(client.bind(), client.execute(), client.sync())
    expect(shownIn(conversation)).toEqual(['SELECT 2', 'EXECUTE ""'])
  })
})

test('a portal that SQL has declared is one that is fetched from', () => {
  expect(shown(client.execute('my cursor'), client.sync())).toEqual(['FETCH ALL FROM "my cursor"'])
  expect(shown(client.execute('c', 10), client.sync())).toEqual(['FETCH 10 FROM "c"'])
})

describe('a parameter', () => {
  const valueOf = (
    content: string | Buffer | null,
    { type = 0, format = 0 }: { type?: number; format?: number } = {},
  ) => {
    const conversation = opened().client(
      client.parse('SELECT $1', '', [type]),
      client.bind({ values: [content], formats: [format] }),
      client.execute(),
      client.sync(),
    )
    return statementsOf(conversation)[0]?.params[0]
  }

  test.each([
    { content: '0', value: 0 },
    { content: '-12', value: -12 },
    { content: '9007199254740991', value: 9_007_199_254_740_991 },
    { content: '9007199254740992', value: '9007199254740992' },
    { content: '007', value: '007' },
    { content: '-0', value: '-0' },
    { content: '1.5', value: '1.5' },
    { content: ' 1', value: ' 1' },
    { content: '', value: '' },
    { content: 'true', value: 'true' },
    { content: 'é', value: 'é' },
    { content: null, value: null },
  ])('of no known type, $content, is $value', ({ content, value }) => {
    expect(valueOf(content)).toBe(value)
  })

  test.each([
    { type: builtins.TEXT, content: '12', value: '12' },
    { type: builtins.INT4, content: '12', value: 12 },
    { type: builtins.INT4, content: '012', value: '012' },
    { type: builtins.INT8, content: '9007199254740993', value: '9007199254740993' },
    { type: builtins.FLOAT8, content: '1.5', value: 1.5 },
    { type: builtins.FLOAT8, content: 'NaN', value: 'NaN' },
    { type: builtins.FLOAT8, content: 'Infinity', value: 'Infinity' },
    { type: builtins.NUMERIC, content: '1.50', value: '1.50' },
    { type: builtins.BOOL, content: 't', value: true },
    { type: builtins.BOOL, content: 'false', value: false },
    { type: builtins.BOOL, content: 'perhaps', value: 'perhaps' },
  ])('of type $type, $content, is $value', ({ type, content, value }) => {
    expect(valueOf(content, { type })).toBe(value)
  })

  test.each([
    { type: builtins.INT4, bytes: int32(-5), value: -5 },
    { type: builtins.BOOL, bytes: Buffer.of(1), value: true },
    { type: builtins.TEXT, bytes: Buffer.from('5'), value: '5' },
    { type: builtins.INT4, bytes: Buffer.of(1), value: String.raw`\x01` },
    { type: 0, bytes: Buffer.of(1, 255), value: String.raw`\x01ff` },
    { type: 99_999, bytes: Buffer.of(1, 255), value: String.raw`\x01ff` },
  ])('in binary format of type $type is $value', ({ type, bytes, value }) => {
    expect(valueOf(bytes, { type, format: 1 })).toBe(value)
  })

  test('has the type that the server has described', () => {
    const conversation = opened()
      .client(client.parse('SELECT $1', 'one'), client.describeStatement('one'), client.sync())
      .server(server.parsed(), server.parameters(builtins.TEXT), server.noData(), server.ready())
      .client(client.bind({ name: 'one', values: ['12'] }), client.execute(), client.sync())
    expect(statementsOf(conversation)[0]?.params).toEqual(['12'])
  })

  test('may have a format of its own', () => {
    const conversation = opened().client(
      client.parse('SELECT $1, $2', '', [builtins.INT4, builtins.INT4]),
      client.bind({ values: ['1', int32(2)], formats: [0, 1] }),
      client.execute(),
      client.sync(),
    )
    expect(statementsOf(conversation)[0]?.params).toEqual([1, 2])
  })
})

describe('it is not the protocol when', () => {
  test.each([
    {
      what: 'a text does not end',
      bytes: Buffer.from('Q\0\0\0\x08SELE'),
      error: 'The client sent Query with a text that does not end.',
    },
    {
      what: 'something is left',
      bytes: Buffer.from('S\0\0\0\x05!'),
      error: 'The client sent Sync with 1 bytes more than belong to it.',
    },
    {
      what: 'something is missing',
      bytes: Buffer.from('B\0\0\0\x0c\0\0\0\0\0\x01\0\0'),
      error: 'The client sent Bind with 2 bytes left where 4 were announced.',
    },
    {
      what: 'a value is longer than its message',
      bytes: Buffer.from('B\0\0\0\x0e\0\0\0\0\0\x01\x7f\xff\xff\xff', 'latin1'),
      error: 'The client sent Bind with 0 bytes left where 2147483647 were announced.',
    },
    {
      what: 'a value has a negative length',
      bytes: Buffer.from('B\0\0\0\x0e\0\0\0\0\0\x01\xff\xff\xff\xfe', 'latin1'),
      error: 'The client sent Bind with a value of -2 bytes.',
    },
  ])('$what', ({ bytes, error }) => {
    expect(() => opened().client(bytes)).toThrow(
      expect.objectContaining({ name: 'WireError', message: error }),
    )
  })

  test('too much comes without a question', () => {
    const conversation = opened()
    const parse = client.parse('x'.repeat(400_000))
    conversation.client(parse, parse)
    expect(() => conversation.client(parse)).toThrow(
      `The client sent more than ${limits.bytes} bytes without asking for an answer.`,
    )
  })

  test('too many messages come without a question', () => {
    const many = Buffer.concat(Array.from({ length: 100_001 }, () => client.closePortal('')))
    expect(() => opened().client(many)).toThrow(
      'The client sent more than 100000 messages without asking for an answer.',
    )
  })
})
