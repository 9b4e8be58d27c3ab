import { describe, expect, test } from 'vitest'
import { WireError } from '../wire.ts'
import {
  client,
  follow,
  open,
  opening,
  read,
  server,
  written,
  type Said,
  plain,
  modern,
  attributed,
  int,
  outcomesIn,
  requestsIn,
  kindsOf,
  execute,
  prepared,
  parameter,
  withPrepared,
} from './fixtures/conversation.ts'
import {
  answer,
  answerFrom,
  autocommit,
  command,
  cursor,
  eof,
  err,
  lenenc,
  more,
  ok,
  text,
  uint,
} from './fixtures/packets.ts'
import { types } from './types.ts'

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
    for (const [kinds, end] of [
      [['pass'], [client(command(0x19, uint(5, 4)))]],
      [
        ['pass', 'renewed'],
        [client(command(0x1f)), server(answer(ok()))],
      ],
    ] as const) {
      const follower = withPrepared()
      expect([...new Set(kindsOf(read(follower, end)))]).toEqual(kinds)
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
