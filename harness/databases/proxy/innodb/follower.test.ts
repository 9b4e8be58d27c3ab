import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WireError, type WireOutcome, type WireRequest } from '../wire.ts'
import {
  client,
  follow,
  open,
  opening,
  read,
  server,
  written,
  type Said,
  type WireEvent,
} from './fixtures/conversation.ts'
import {
  answer,
  answerFrom,
  autocommit,
  column,
  command,
  cursor,
  eof,
  err,
  everything,
  flags,
  greeting,
  inTransaction,
  lenenc,
  login,
  more,
  ok,
  piecesOf,
  text,
  textRow,
  uint,
} from './fixtures/packets.ts'
import { packetOf } from './packets.ts'
import { types } from './types.ts'

const plain = flags.protocol41
const modern = flags.protocol41 | flags.deprecateEof
const attributed = flags.protocol41 | flags.queryAttributes

const query = (sql: string): Said => client(command(0x03, sql))
const int = (name: string): Buffer => column({ name, type: types.longLong, collation: 63 })

const outcomesIn = (events: readonly WireEvent[]): WireOutcome[] =>
  events.flatMap((event) => (event.kind === 'response' ? [event.response.outcome] : []))
const requestsIn = (events: readonly WireEvent[]): WireRequest[] =>
  events.filter((event) => event.kind === 'request')
const kindsOf = (events: readonly WireEvent[]): string[] => events.map(({ kind }) => kind)

/** What one command comes to. */
function ask(agreed: number, said: Said, ...answers: readonly Buffer[]): WireOutcome | undefined {
  const events = read(open(agreed), [said, server(answer(...answers))])
  return outcomesIn(events)[0]
}

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

describe('a request', () => {
  test('that writes says how many rows, and whether a transaction is open', () => {
    expect(ask(plain, query('UPDATE t SET a = 1'), ok(inTransaction, 300))).toEqual({
      ok: true,
      rows: [],
      affectedRows: 300,
      transaction: 'open',
    })
  })

  test('that fails says so in the words of the server', () => {
    const outcome = ask(plain, query('INSERT'), err(1062, '23000', "Duplicate entry '1'"))
    const error = { code: '23000', number: 1062, message: "Duplicate entry '1'" }
    expect(outcome).toEqual({ ok: false, error, transaction: undefined })
  })

  const rows = [textRow('1', 'one'), textRow('2', null)]
  const columns = [int('id'), column({ name: 'word', type: types.varString })]
  const selected = [
    { id: 1, word: 'one' },
    { id: 2, word: null },
  ]

  test.each([
    { title: 'EOF', agreed: plain, answers: [...columns, eof(), ...rows, eof(3)] },
    { title: 'OK', agreed: modern, answers: [...columns, ...rows, ok(3, 0, 0xfe)] },
  ])('that reads has rows, up to $title', ({ agreed, answers }) => {
    expect(ask(agreed, query('SELECT * FROM t'), lenenc(2), ...answers)).toEqual({
      ok: true,
      rows: selected,
      affectedRows: 2,
      transaction: 'open',
    })
  })

  test('is held back until it is answered in full', () => {
    const follower = open(plain)
    const beginning = answer(lenenc(1), int('a'), eof(), textRow('1'))
    expect(read(follower, [query('SELECT a'), server(beginning)])).toHaveLength(1)
    expect(Buffer.concat(follower.held())).toEqual(beginning)
    const end = answerFrom(5, eof())
    expect(read(follower, [server(end.subarray(0, 3))])).toEqual([])
    expect(Buffer.concat(follower.held())).toEqual(Buffer.concat([beginning, end.subarray(0, 3)]))
    const events = read(follower, [server(end.subarray(3))])
    expect(written(events)).toEqual(Buffer.concat([beginning, end]))
    expect(Buffer.concat(follower.held())).toHaveLength(0)
  })

  test('that fails among its rows has failed', () => {
    const failure = err(1317, '70100', 'Query execution was interrupted')
    expect(ask(plain, query('SELECT'), lenenc(1), int('a'), eof(), textRow('1'), failure)).toEqual({
      ok: false,
      error: { code: '70100', number: 1317, message: 'Query execution was interrupted' },
      transaction: undefined,
    })
  })

  test('of several statements has the last rows, and the count of the last statement', () => {
    const select = (value: string, last: number): Buffer[] => [
      lenenc(1),
      int('a'),
      eof(),
      textRow(value),
      eof(last),
    ]
    const both = [...select('1', more), ...select('2', more), ok(autocommit, 7)]
    expect(ask(plain, query('SELECT 1; SELECT 2; UPDATE'), ...both)).toEqual({
      ok: true,
      rows: [{ a: 2 }],
      affectedRows: 7,
      transaction: 'none',
    })
    expect(ask(plain, query('/* a */ CALL p()'), ...both)).toEqual({
      ok: true,
      rows: [{ a: 1 }],
      affectedRows: 1,
      transaction: 'none',
    })
  })

  test('is not over while there is more to come', () => {
    const events = read(open(plain), [query('DO 1; DO 2'), server(answer(ok(more)))])
    expect(outcomesIn(events)).toEqual([])
  })

  test('takes a very long value for what it is, though it begins like an end', () => {
    const long = 'x'.repeat(2 ** 24)
    const follower = follow(2 ** 26)
    read(follower, opening(plain))
    const described = answer(lenenc(1), column({ name: 'a', type: types.longBlob }), eof())
    const row = textRow(long)
    const first = packetOf(4, row.subarray(0, 2 ** 24 - 1))
    const second = packetOf(5, row.subarray(2 ** 24 - 1))
    const events = read(follower, [
      query('SELECT a'),
      server(Buffer.concat([described, first, second, answerFrom(6, eof())])),
    ])
    expect(outcomesIn(events)[0]).toMatchObject({ ok: true, affectedRows: 1 })
  })

  test('takes a value with a longer length than it needs for what it is', () => {
    const row = Buffer.concat([uint(0xfe, 1), uint(1, 6), uint(0, 2), Buffer.from('7')])
    const described = [lenenc(1), int('a'), eof()]
    expect(ask(plain, query('SELECT a'), ...described, row, eof())).toMatchObject({
      rows: [{ a: 7 }],
    })
  })

  test('shows its text without the attributes that come with it', () => {
    const sent = command(
      0x03,
      lenenc(1),
      lenenc(1),
      uint(0, 1),
      uint(1, 1),
      uint(0xfd, 2),
      text('n'),
      text('v'),
      'SELECT 1',
    )
    const [request] = requestsIn(read(open(attributed), [client(sent)]))
    expect(request?.statement.parts).toEqual(['SELECT 1'])
    const none = command(0x03, lenenc(0), lenenc(1), 'SELECT 2')
    expect(requestsIn(read(open(attributed), [client(none)]))[0]?.statement.parts).toEqual([
      'SELECT 2',
    ])
  })

  test('shows a text that is not UTF-8 letter by letter', () => {
    const [request] = requestsIn(read(open(plain), [client(command(0x03, Buffer.from([0xe9])))]))
    expect(request?.statement.parts).toEqual(['é'])
  })

  test('for a file of the client is refused', () => {
    expect(() =>
      ask(plain, query('LOAD DATA LOCAL'), Buffer.from('\u00FB/etc/passwd', 'latin1')),
    ).toThrow(
      new WireError(
        'The server asks for a file of the client (LOAD DATA LOCAL INFILE), which is not passed on.',
      ),
    )
  })

  test('whose answer is larger than may be held is refused', () => {
    const follower = follow(200)
    read(follower, opening(plain))
    const row = textRow('x'.repeat(100))
    const answers = [lenenc(1), column({ name: 'a', type: types.varString }), eof(), row, row]
    expect(() => read(follower, [query('SELECT'), server(answer(...answers))])).toThrow(
      new WireError('The server sent an answer of more than 200 bytes, which is the limit here.'),
    )
  })
})

const execute = (id: number, ...rest: readonly Buffer[]): Said =>
  client(command(0x17, uint(id, 4), uint(0, 1), uint(1, 4), ...rest))
const prepared = (id: number, parameters: number, columns = 0): Buffer =>
  Buffer.concat([uint(0, 1), uint(id, 4), uint(columns, 2), uint(parameters, 2), uint(0, 3)])
const parameter = column({ name: '?', type: types.varString })

/** A session with `INSERT INTO t VALUES (?, ?)` as statement 5. */
function withPrepared(agreed = plain): ReturnType<typeof open> {
  const follower = open(agreed)
  const end = agreed === modern ? [] : [eof()]
  read(follower, [
    client(command(0x16, 'INSERT INTO t VALUES (?, ?)')),
    server(answer(prepared(5, 2), parameter, parameter, ...end)),
  ])
  return follower
}

const parts = ['INSERT INTO t VALUES (', ', ', ')']

describe('a prepared statement', () => {
  test.each([
    { title: 'EOF', agreed: plain, answers: [parameter, eof(), int('a'), int('b'), eof()] },
    { title: 'nothing', agreed: modern, answers: [parameter, int('a'), int('b')] },
    { title: 'less than announced', agreed: plain, answers: [eof(), int('a'), eof()] },
  ])('is described up to $title, which passes', ({ agreed, answers }) => {
    const follower = open(agreed)
    const described = answer(prepared(1, 1, 2), ...answers)
    const events = read(follower, [client(command(0x16, 'SELECT ?')), server(described)])
    expect(written(events.slice(1))).toEqual(described)
    expect(new Set(kindsOf(events))).toEqual(new Set(['pass']))
    // It is over: the next answer belongs to something else.
    expect(() => read(follower, [server(answer(ok()))])).toThrow('an answer to nothing')
  })

  const longLong = uint(types.longLong, 2)
  const string = uint(types.varString, 2)

  test('is a request with its text and its parameters', () => {
    const values = [uint(0, 1), uint(1, 1), longLong, string, uint(7, 6), uint(0, 2), text('x')]
    const [request] = requestsIn(read(withPrepared(), [execute(5, ...values)]))
    expect(request?.statement).toEqual({ parts, params: [7, 'x'] })
  })

  test.each([
    { type: types.tiny, bytes: uint(255, 1), value: -1 },
    { type: types.tiny | 0x80_00, bytes: uint(255, 1), value: 255 },
    { type: types.short, bytes: uint(0xff_fe, 2), value: -2 },
    { type: types.year, bytes: uint(2024, 2), value: 2024 },
    { type: types.int24, bytes: uint(7, 4), value: 7 },
    { type: types.longLong | 0x80_00, bytes: Buffer.alloc(8, 255), value: '18446744073709551615' },
    { type: types.float, bytes: Buffer.from([0, 0, 0, 0x3f]), value: 0.5 },
    { type: types.double, bytes: Buffer.from([0, 0, 0, 0, 0, 0, 0xf0, 0x7f]), value: 'Infinity' },
    { type: types.null, bytes: Buffer.alloc(0), value: null },
    { type: types.newDecimal, bytes: text('12.50'), value: 12.5 },
    { type: types.date, bytes: Buffer.from([4, 0xe8, 7, 2, 29]), value: '2024-02-29' },
    { type: types.datetime, bytes: Buffer.from([4, 0xe8, 7, 2, 29]), value: '2024-02-29 00:00:00' },
    { type: types.timestamp, bytes: uint(0, 1), value: '0000-00-00 00:00:00' },
    { type: types.time, bytes: uint(0, 1), value: '00:00:00' },
    { type: types.json, bytes: text('[1]'), value: '[1]' },
    { type: types.blob, bytes: text(Buffer.from([0xff])), value: '0xff' },
  ])('may have $value as a parameter of type $type', ({ type, bytes, value }) => {
    const values = [uint(0, 1), uint(1, 1), uint(type, 2), string, bytes, text('x')]
    const [request] = requestsIn(read(withPrepared(), [execute(5, ...values)]))
    expect(request?.statement.params).toEqual([value, 'x'])
  })

  test('is refused a parameter of a type that is none', () => {
    const values = [uint(0, 1), uint(1, 1), uint(0x20, 2), string]
    expect(() => read(withPrepared(), [execute(5, ...values)])).toThrow(
      new WireError("The client's COM_STMT_EXECUTE has a parameter of type 32."),
    )
  })

  test('is read as the server reads it, whose sql_mode may have no escapes', () => {
    const unescaped = 1 << 9
    const follower = follow()
    const [greeted, asked] = opening(modern)
    read(follower, [greeted!, asked!, server(answerFrom(2, ok(unescaped)))])
    const said = [
      client(command(0x16, "SELECT '\\', ?")),
      server(answer(prepared(1, 1), parameter)),
    ]
    const values = [uint(0, 1), uint(1, 1), uint(types.tiny, 2), uint(7, 1)]
    const [request] = requestsIn(read(follower, [...said, execute(1, ...values)]))
    expect(request?.statement).toEqual({ parts: ["SELECT '\\', ", ''], params: [7] })
  })

  test('remembers what its parameters were sent as', () => {
    const follower = withPrepared()
    const first = [uint(0, 1), uint(1, 1), longLong, string, uint(7, 6), uint(0, 2), text('x')]
    const second = [uint(0b10, 1), uint(0, 1), uint(8, 6), uint(0, 2)]
    const events = read(follower, [execute(5, ...first), execute(5, ...second)])
    expect(requestsIn(events).map(({ statement }) => statement.params)).toEqual([
      [7, 'x'],
      [8, null],
    ])
    expect(requestsIn(events)[1]?.statement.parts).toBe(requestsIn(events)[0]?.statement.parts)
  })

  test('has parameters that were sent ahead, once', () => {
    const follower = withPrepared()
    const piece = (content: string): Said => client(command(0x18, uint(5, 4), uint(1, 2), content))
    const sent = [uint(0, 1), uint(1, 1), longLong, string, uint(7, 6), uint(0, 2)]
    const events = read(follower, [piece('lo'), piece('ng'), execute(5, ...sent)])
    expect(kindsOf(events)).toEqual(['pass', 'pass', 'request'])
    expect(requestsIn(events)[0]?.statement.params).toEqual([7, 'long'])
    expect(() => read(follower, [execute(5, ...sent)])).toThrow(
      new WireError("The client's COM_STMT_EXECUTE ends too early."),
    )
  })

  test('forgets what was sent ahead when it is reset', () => {
    const follower = withPrepared()
    const sent = [uint(0, 1), uint(1, 1), longLong, string, uint(7, 6), uint(0, 2), text('x')]
    const events = read(follower, [
      client(command(0x18, uint(5, 4), uint(1, 2), 'long')),
      client(command(0x1a, uint(5, 4))),
      execute(5, ...sent),
    ])
    expect(requestsIn(events)[0]?.statement.params).toEqual([7, 'x'])
  })

  test('is refused parameters beyond the limit', () => {
    const follower = follow(100)
    read(follower, [
      ...opening(plain),
      client(command(0x16, 'SELECT ?')),
      server(answer(prepared(5, 1), parameter, eof())),
    ])
    const piece = client(command(0x18, uint(5, 4), uint(0, 2), 'x'.repeat(60)))
    read(follower, [piece])
    expect(() => read(follower, [piece])).toThrow(
      new WireError(
        'The client sent parameters of more than 100 bytes ahead, which is the limit here.',
      ),
    )
  })

  test('may be carried out before its number is known', () => {
    const follower = open(plain)
    const values = [uint(0, 1), uint(1, 1), longLong, string, uint(7, 6), uint(0, 2), text('x')]
    const said = [
      client(command(0x16, 'INSERT INTO t VALUES (?, ?)')),
      execute(0xff_ff_ff_ff, ...values),
    ]
    const events = read(follower, said)
    expect(requestsIn(events)[0]?.statement).toEqual({ parts, params: [7, 'x'] })
    const answers = [
      server(answer(prepared(9, 2), parameter, parameter, eof())),
      server(answer(ok(autocommit, 1))),
    ]
    expect(outcomesIn(read(follower, answers))).toMatchObject([{ affectedRows: 1 }])
    expect(requestsIn(read(follower, [execute(9, ...values)]))[0]?.statement.params).toEqual([
      7,
      'x',
    ])
  })

  test('whose parameters cannot be told before its number is known is the server to refuse', () => {
    const said = [
      client(command(0x16, 'SELECT "?" + ?')),
      execute(0xff_ff_ff_ff, uint(0, 1), uint(1, 1)),
    ]
    const [request] = requestsIn(read(open(plain), said))
    expect(request?.statement).toEqual({ parts: ['SELECT "?" + ?'], params: [] })
  })

  test('that nobody knows is the server to refuse', () => {
    const events = read(open(plain), [execute(12), server(answer(err(1243, 'HY000', 'Unknown')))])
    expect(requestsIn(events)[0]?.statement.parts).toEqual([
      '/* prepared statement 12, which is not known */',
    ])
    expect(outcomesIn(events)).toMatchObject([{ ok: false }])
  })

  test('is forgotten when it is closed, and with the session', () => {
    for (const end of [
      [client(command(0x19, uint(5, 4)))],
      [client(command(0x1f)), server(answer(ok()))],
    ]) {
      const follower = withPrepared()
      expect(new Set(kindsOf(read(follower, end)))).toEqual(new Set(['pass']))
      const [request] = requestsIn(read(follower, [execute(5)]))
      expect(request?.statement.parts[0]).toContain('not known')
    }
  })

  test('with attributes has the parameters that it knows', () => {
    const values = [
      Buffer.concat([lenenc(3), uint(0, 1), uint(1, 1)]),
      Buffer.concat([longLong, text(''), string, text(''), string, text('trace')]),
      Buffer.concat([uint(7, 6), uint(0, 2), text('x'), text('attribute')]),
    ]
    const [request] = requestsIn(read(withPrepared(attributed), [execute(5, ...values)]))
    expect(request?.statement).toEqual({ parts, params: [7, 'x'] })
  })

  test('with a cursor ends before its rows, which are fetched and pass', () => {
    for (const { agreed, end } of [
      { agreed: plain, end: eof(cursor) },
      { agreed: modern, end: ok(cursor, 0, 0xfe) },
      { agreed: modern, end: eof(cursor) },
    ]) {
      const follower = withPrepared(agreed)
      const values = [uint(0b11, 1), uint(1, 1), longLong, string]
      const events = read(follower, [
        execute(5, ...values),
        server(answer(lenenc(1), int('a'), end)),
      ])
      expect(outcomesIn(events)).toMatchObject([{ ok: true, rows: [], affectedRows: 0 }])
      const last = agreed === plain ? eof() : ok(autocommit, 0, 0xfe)
      const row = Buffer.concat([uint(0, 2), uint(1, 6), uint(0, 2)])
      const fetched = answer(row, row, last)
      const fetching = [client(command(0x1c, uint(5, 4), uint(2, 4))), server(fetched)]
      expect(written(read(follower, fetching).slice(1))).toEqual(fetched)
    }
  })

  test('is carried out once for each row of many', () => {
    const rowsOfMany = [
      Buffer.concat([uint(0, 1), uint(7, 6), uint(0, 2), uint(0, 1), text('x')]),
      Buffer.concat([uint(1, 1), uint(2, 1)]),
    ]
    const sent = command(0xfa, uint(5, 4), uint(128, 2), longLong, string, ...rowsOfMany)
    const follower = withPrepared()
    const events = read(follower, [client(sent), server(answer(ok(autocommit, 2)))])
    expect(requestsIn(events)[0]?.statement).toEqual({
      parts: ['INSERT INTO t VALUES (', ', ', '); INSERT INTO t VALUES (', ', ', ')'],
      params: [7, 'x', null, 'DEFAULT'],
    })
    expect(outcomesIn(events)).toMatchObject([{ ok: true, affectedRows: 2 }])

    const units = command(0xfa, uint(5, 4), uint(64, 2), ...rowsOfMany)
    const unit = (id: number, affected: number): Buffer =>
      Buffer.concat([uint(0, 2), uint(id, 6), uint(0, 2), uint(affected, 6), uint(0, 2)])
    const results = [
      lenenc(2),
      int('Id'),
      int('Affected_rows'),
      eof(),
      unit(4, 1),
      unit(5, 2),
      eof(),
    ]
    const apart = read(follower, [client(units), server(answer(...results))])
    expect(requestsIn(apart)[0]?.statement).toEqual(requestsIn(events)[0]?.statement)
    expect(outcomesIn(apart)).toMatchObject([{ ok: true, rows: [], affectedRows: 3 }])

    const returned = [lenenc(1), int('a'), eof(), unit(9, 9).subarray(0, 10), eof(more)]
    const both = read(follower, [client(units), server(answer(...returned, ...results))])
    expect(outcomesIn(both)).toMatchObject([{ ok: true, rows: [{ a: 9 }], affectedRows: 3 }])
  })
})

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
    { name: 'COM_RESET_CONNECTION', said: command(0x1f), answers: [ok()] },
  ])('$name passes, and its answer', ({ said, answers }) => {
    const follower = open(plain)
    const conversation = [client(said), server(answer(...answers))]
    const events = read(follower, conversation)
    expect(new Set(kindsOf(events))).toEqual(new Set(['pass']))
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
    expect(new Set(kindsOf(events))).toEqual(new Set(['pass']))
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

/** Everything above in one conversation. */
const conversation: readonly Said[] = [
  ...opening(plain),
  query('BEGIN'),
  server(answer(ok(inTransaction))),
  query('SELECT a'),
  server(answer(lenenc(1), int('a'), eof(), textRow('1'), textRow(null), eof(inTransaction))),
  client(command(0x16, 'INSERT INTO t VALUES (?, ?)')),
  server(answer(prepared(5, 2), parameter, parameter, eof())),
  client(command(0x18, uint(5, 4), uint(1, 2), 'long')),
  execute(5, uint(0, 1), uint(1, 1), uint(types.tiny, 2), uint(types.blob, 2), uint(3, 1)),
  server(answer(err(1062, '23000', 'Duplicate entry'))),
  client(command(0x19, uint(5, 4))),
  client(command(0x11, 'other\0')),
  server(answer(Buffer.from('\u00FEmysql_native_password\0salt', 'latin1'))),
  client(packetOf(2, Buffer.from('scrambled'))),
  server(answerFrom(3, ok())),
  client(command(0x01)),
]

describe('whatever is said', () => {
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
    const change = fc.record({ said: fc.nat(), at: fc.nat(), by: fc.uint8Array({ maxLength: 4 }) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const follower = follow(10_000)
        try {
          read(follower, mutated(changes))
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      }),
      { numRuns: 3_000 },
    )
  })
})

interface Change {
  readonly said: number
  readonly at: number
  readonly by: Uint8Array
}

/** Bytes replaced, inserted or left out. */
function mutated(changes: readonly Change[]): Said[] {
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
