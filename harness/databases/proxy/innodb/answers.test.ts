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
  plain,
  modern,
  attributed,
  query,
  int,
  outcomesIn,
  requestsIn,
  ask,
} from './fixtures/conversation.ts'
import {
  answer,
  answerFrom,
  autocommit,
  column,
  command,
  eof,
  err,
  inTransaction,
  lenenc,
  more,
  ok,
  text,
  textRow,
  uint,
} from './fixtures/packets.ts'
import { packetOf } from './packets.ts'
import { types } from './types.ts'

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
