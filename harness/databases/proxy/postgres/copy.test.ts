import { describe, expect, test } from 'vitest'
import { client, server } from './fixtures/messages.ts'
import { opened } from './fixtures/opened.ts'

const rows = [client.copyData('1\n'), client.copyData('2\n')]

describe('rows from the client', () => {
  test('go to the server while the request is under way', () => {
    const conversation = opened().client(client.query('COPY t FROM STDIN'))
    conversation.server(Buffer.concat([server.notice(), server.copyIn()]))
    expect(conversation.written('client')).toEqual(
      Buffer.concat([server.notice(), server.copyIn()]),
    )
    conversation.client(Buffer.concat([...rows, client.copyDone()]))
    expect(conversation.written('server')).toEqual(
      Buffer.concat([client.query('COPY t FROM STDIN'), ...rows, client.copyDone()]),
    )
    expect(conversation.all('response')).toEqual([])
    conversation.server(server.complete('COPY 2'), server.ready())
    expect(conversation.all('response')).toMatchObject([{ outcome: { affectedRows: 2 } }])
  })

  test('may be given up', () => {
    const conversation = opened()
      .client(client.query('COPY t FROM STDIN'))
      .server(server.copyIn())
      .client(...rows, client.copyFail())
      .server(server.error('57014'), server.ready())
      .client(client.query('SELECT'))
      .server(server.complete('SELECT'), server.ready())
    expect(conversation.all('response')).toMatchObject([
      { outcome: { ok: false } },
      { outcome: { ok: true } },
    ])
  })

  test('may be refused while they still come', () => {
    const conversation = opened()
      .client(client.query('COPY t FROM STDIN'))
      .server(server.copyIn())
      .client(...rows)
      .server(server.error('22P02'), server.ready())
      .client(...rows, client.copyDone(), client.query('SELECT'))
      .server(server.complete('SELECT'), server.ready())
    expect(conversation.all('response')).toMatchObject([
      { outcome: { ok: false } },
      { outcome: { ok: true } },
    ])
  })

  test('may come although they are not asked for', () => {
    const conversation = opened()
      .client(client.query('COPY nothing FROM STDIN'), ...rows, client.copyDone())
      .server(server.error('42P01'), server.ready())
      .client(client.query('SELECT'))
      .server(server.complete('SELECT'), server.ready())
    expect(conversation.all('response')).toMatchObject([
      { outcome: { ok: false } },
      { outcome: { ok: true } },
    ])
  })

  const prepared = [client.parse('COPY t FROM STDIN'), client.bind(), client.execute()]
  const begun = [server.parsed(), server.bound(), server.copyIn()]

  test('may follow Sync, which the server then passes over, and another one ends them', () => {
    const conversation = opened()
      .client(...prepared, client.sync())
      .server(...begun)
      .client(...rows, client.copyDone(), client.sync())
      .server(server.complete('COPY 2'))
    expect(conversation.all('response')).toEqual([])
    conversation.server(server.ready())
    expect(conversation.all('response')).toMatchObject([{ outcome: { affectedRows: 2 } }])
    expect(conversation.all('request')).toHaveLength(1)
  })

  test('may come before the server has asked for them', () => {
    const conversation = opened()
      .client(...prepared, client.sync(), ...rows, client.copyDone(), client.sync())
      .server(...begun, server.complete('COPY 2'))
    expect(conversation.all('response')).toEqual([])
    conversation.server(server.ready())
    expect(conversation.all('response')).toMatchObject([{ outcome: { affectedRows: 2 } }])
  })

  test('need no Sync before them', () => {
    for (const before of [rows, [], [client.flush(), ...rows]]) {
      const conversation = opened()
        .client(...prepared, ...before)
        .client(client.copyDone(), client.sync())
        .server(...begun)
        .server(server.complete('COPY 2'), server.ready())
        .client(client.sync())
        .server(server.ready())
      expect(conversation.all('response')).toMatchObject([
        { outcome: { affectedRows: 2, transaction: 'none' } },
      ])
      expect(conversation.all('request')).toHaveLength(1)
    }
  })

  test('may be refused: then the server waits for the Sync after them', () => {
    const conversation = opened()
      .client(...prepared, client.sync())
      .server(...begun)
      .client(...rows)
      .server(server.error('22P02'))
    expect(conversation.all('response')).toEqual([])
    conversation.client(client.copyDone(), client.sync()).server(server.ready())
    expect(conversation.all('response')).toMatchObject([{ outcome: { ok: false } }])
  })

  test('may be refused before any was read: then the Sync before them is answered', () => {
    const conversation = opened()
      .client(...prepared, client.sync())
      .server(...begun, server.error('P0001'), server.ready())
    expect(conversation.all('response')).toMatchObject([{ outcome: { ok: false } }])
    conversation.client(client.copyDone(), client.sync()).server(server.ready())
    conversation.client(client.query('SELECT')).server(server.complete('SELECT'), server.ready())
    expect(conversation.all('response')).toHaveLength(2)
  })

  test('are not waited for where there is no COPY', () => {
    const conversation = opened()
      .client(...prepared, client.sync())
      .server(server.error('42P01'), server.ready())
    expect(conversation.all('response')).toMatchObject([{ outcome: { ok: false } }])
    conversation.client(client.query('SELECT')).server(server.complete('SELECT'), server.ready())
    expect(conversation.all('response')).toHaveLength(2)
  })
})

test('rows to the client belong to the answer', () => {
  const answer = [
    server.copyOut(),
    server.copyData('1\n'),
    server.copyData('2\n'),
    server.copyDone(),
    server.complete('COPY 2'),
    server.ready(),
  ]
  const conversation = opened().client(client.query('COPY t TO STDOUT'))
  conversation.server(...answer.slice(0, -1))
  expect(conversation.written('client')).toHaveLength(0)
  conversation.server(...answer.slice(-1))
  expect(conversation.written('client')).toEqual(Buffer.concat(answer))
  expect(conversation.all('response')).toMatchObject([{ outcome: { affectedRows: 2, rows: [] } }])
})
