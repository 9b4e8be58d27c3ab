import { describe, expect, test } from 'vitest'
import { Conversation } from './fixtures/conversation.ts'
import { client, int32, server } from './fixtures/messages.ts'
import { limits } from './fixtures/opened.ts'
import { postgresWire } from './index.ts'

const begin = (): Conversation => new Conversation(postgresWire.follow(limits))

describe('a connection is opened', () => {
  test('when the server says ReadyForQuery, under the number of its process', () => {
    const before = [server.authentication(), server.parameterStatus(), server.keyData(42)]
    const { events } = begin()
      .client(client.startup())
      .server(Buffer.concat([...before, server.ready()]))
    expect(events).toEqual([
      { kind: 'to server', bytes: client.startup() },
      { kind: 'to client', bytes: Buffer.concat(before) },
      { kind: 'ready', id: 42 },
      { kind: 'to client', bytes: server.ready() },
    ])
  })

  test('after encryption was declined, which the server does not see', () => {
    const { events } = begin()
      .client(client.wantsGss())
      .client(client.wantsTls())
      .client(client.startup())
    expect(events).toEqual([
      { kind: 'to client', bytes: Buffer.from('NN') },
      { kind: 'to server', bytes: client.startup() },
    ])
  })

  test('with a password, or several rounds of them', () => {
    const { events } = begin()
      .client(client.startup())
      .server(server.authentication(10))
      .client(client.password('SCRAM-SHA-256'))
      .server(server.authentication(11))
      .client(client.password('proof'))
      .server(server.authentication(12), server.authentication(), server.keyData(1), server.ready())
    expect(events.map(({ kind }) => kind)).toEqual([
      'to server',
      'to client',
      'to server',
      'to client',
      'to server',
      'to client',
      'ready',
      'to client',
    ])
  })

  test('by version 3.2, whose keys are longer', () => {
    const key = server.keyData(9, Buffer.alloc(32))
    const conversation = begin()
      .client(client.startup((3 << 16) + 2))
      .server(server.versions(), server.authentication(), key, server.ready())
    expect(conversation.all('ready')).toEqual([{ kind: 'ready', id: 9 }])
  })

  test('or not: then the client hears why', () => {
    const error = server.error('28P01', 'password authentication failed', 'FATAL')
    const conversation = begin().client(client.startup()).server(error)
    expect(conversation.written('client')).toEqual(error)
    expect(conversation.all('ready')).toEqual([])
  })
})

test('a request to cancel goes on as it is', () => {
  const cancel = client.cancel(42, int32(7))
  expect(postgresWire.follow(limits).fromClient(cancel)).toEqual([
    { kind: 'cancel', bytes: [cancel] },
  ])
})

test('the end of a session goes on as it is', () => {
  const conversation = begin()
    .client(client.startup())
    .server(server.authentication(), server.keyData(1), server.ready())
    .client(client.terminate())
  expect(conversation.written('server')).toEqual(
    Buffer.concat([client.startup(), client.terminate()]),
  )
})

describe('it is not the protocol when', () => {
  const open = (): Conversation =>
    begin()
      .client(client.startup())
      .server(server.authentication(), server.keyData(1), server.ready())

  test.each<{ what: string; run: () => unknown; error: string }>([
    {
      what: 'it has another version',
      run: () => begin().client(client.startup(2 << 16)),
      error: 'The client asked for version 2.0 of the protocol, and Lockstep knows version 3 only.',
    },
    {
      what: 'something is asked before the server has let the client in',
      run: () => begin().client(client.startup(), client.query('SELECT 1')),
      error: 'The client sent Query before the server had let it in.',
    },
    {
      what: 'a password comes afterwards',
      run: () => open().client(client.password()),
      error: 'The client answered a request for authentication when there was none.',
    },
    {
      what: 'something follows the end',
      run: () => open().client(client.terminate(), client.sync()),
      error: 'The client sent more after it had taken its leave.',
    },
    {
      what: 'something follows a request to cancel',
      run: () => begin().client(client.cancel(1, int32(2)), client.startup()),
      error: 'The client sent more after it had taken its leave.',
    },
    {
      what: 'the session has no number',
      run: () => begin().client(client.startup()).server(server.authentication(), server.ready()),
      error: 'The server sent ReadyForQuery without BackendKeyData, which names the session.',
    },
    {
      what: 'the server speaks first',
      run: () => begin().server(server.ready()),
      error: 'The server sent ReadyForQuery when it was asked for nothing.',
    },
    {
      what: 'rows come instead of a welcome',
      run: () => begin().client(client.startup()).server(server.row('1')),
      error: 'The server sent DataRow where the answer to the first message goes on.',
    },
  ])('$what', ({ run, error }) => {
    expect(run).toThrow(expect.objectContaining({ name: 'WireError', message: error }))
  })
})
