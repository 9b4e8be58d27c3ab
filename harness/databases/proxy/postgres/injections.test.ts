import { describe, expect, test } from 'vitest'
import { client, server } from './fixtures/messages.ts'
import { opened } from './fixtures/opened.ts'

const done = [server.parsed(), server.bound(), server.noData(), server.complete('SET')]
const closed = [server.closed(), server.closed()]

/** The types of the messages that were written. */
function typesIn(bytes: Buffer): string {
  let types = ''
  for (let at = 0; at < bytes.length; at += 1 + bytes.readUInt32BE(at + 1)) {
    types += String.fromCharCode(bytes[at] ?? 0)
  }
  return types
}

describe('a statement of the harness', () => {
  test('is not heard of by the client', () => {
    const conversation = opened().inject("SET LOCAL deadlock_timeout = '1ms'")
    expect(typesIn(conversation.written('server'))).toBe('PBDECCS')
    conversation.server(...done, server.notice('01000'), ...closed)
    expect(conversation.all('injected')).toEqual([])
    conversation.server(server.ready('T'))
    expect(conversation.events.slice(1)).toEqual([
      { kind: 'notice', code: '01000' },
      {
        kind: 'injected',
        outcome: { ok: true, rows: [], affectedRows: 0, transaction: 'open' },
      },
    ])
  })

  test('may return rows', () => {
    const conversation = opened().inject('SELECT 1 AS one')
    const columns = server.columns({ name: 'one', type: 23 })
    conversation
      .server(server.parsed(), server.bound(), columns, server.row('1'))
      .server(server.complete('SELECT 1'), ...closed, server.ready())
    expect(conversation.all('injected')).toMatchObject([{ outcome: { rows: [{ one: 1 }] } }])
  })

  test('may change what the client has to know', () => {
    const conversation = opened().inject("SET TimeZone = 'UTC'")
    conversation.server(...done, server.parameterStatus(), ...closed, server.ready())
    expect(conversation.written('client')).toEqual(server.parameterStatus())
  })

  test('may be refused', () => {
    const conversation = opened().inject('SELECT 1/0')
    conversation.server(server.parsed(), server.error('22012', 'no'), server.ready('E'))
    expect(conversation.all('injected')).toEqual([
      {
        kind: 'injected',
        outcome: { ok: false, error: { code: '22012', message: 'no' }, transaction: 'failed' },
      },
    ])
    expect(conversation.written('client')).toHaveLength(0)
  })

  test('of several in one is a simple query', () => {
    const conversation = opened().inject('RESET ALL; CLOSE ALL')
    expect(conversation.written('server')).toEqual(client.query('RESET ALL; CLOSE ALL'))
    conversation.server(server.complete('RESET'), server.complete('CLOSE CURSOR ALL'))
    expect(conversation.all('injected')).toEqual([])
    conversation.server(server.ready())
    expect(conversation.all('injected')).toHaveLength(1)
  })

  test('leaves it to the client to send Sync for what it has prepared', () => {
    const conversation = opened()
      .client(client.parse('SELECT 1'), client.describeStatement(), client.flush())
      .server(server.parsed(), server.parameters(), server.noData())
      .inject('SET x = 1')
    expect(typesIn(conversation.written('server'))).toBe('PDHPBDECCH')
    conversation.server(...done, ...closed)
    expect(conversation.all('injected')).toMatchObject([{ outcome: { ok: true } }])
    conversation
      .client(client.bind(), client.execute(), client.sync())
      .server(server.bound(), server.complete('SELECT 1'), server.ready())
    expect(conversation.all('response')).toMatchObject([{ outcome: { transaction: 'none' } }])
    conversation.inject('SET x = 1')
    expect(typesIn(conversation.written('server'))).toBe('PDHPBDECCHBESPBDECCS')
  })

  test('is refused while the server waits for Sync, without a word of it', () => {
    const conversation = opened()
      .client(client.parse('SELEC'), client.flush())
      .server(server.error('42601', 'syntax'))
      .inject('SET x = 1')
    expect(conversation.all('injected')).toMatchObject([
      { outcome: { ok: false, error: { code: '42601' } } },
    ])
  })

  test('does not end that wait, whatever was passed over meanwhile', () => {
    const conversation = opened()
      .client(client.execute(), client.flush(), client.query('SELECT 1'))
      .server(server.error('34000'))
    expect(conversation.all('response')).toHaveLength(2)
    conversation.inject('SET x = 1')
    expect(typesIn(conversation.written('server'))).toBe('EHQPBDECCH')
  })

  test('comes between two requests, also where the second one is there already', () => {
    const conversation = opened().client(client.query('ONE'))
    conversation.server(server.complete('ONE'), server.ready('T')).inject('SET x = 1')
    conversation.client(client.query('TWO'))
    conversation.server(...done, ...closed, server.ready('T'))
    conversation.server(server.complete('TWO'), server.ready('T'))
    expect(conversation.events.map(({ kind }) => kind)).toEqual([
      'request',
      'to server',
      'response',
      'to client',
      'to server',
      'request',
      'to server',
      'injected',
      'response',
      'to client',
    ])
  })
})
