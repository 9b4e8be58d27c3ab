import { existsSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ConnectionOwner, WireConnection } from './connection.ts'
import { openDoor, type Door } from './door.ts'
import type { FromClient, FromServer, Injection, WireFollower, WireProtocol } from './wire.ts'

const done = { ok: true, rows: [], affectedRows: 0, transaction: 'none' } as const

/** A protocol of one byte each: `r` is a request, `a` its answer, `w` a welcome, and all else passes. */
class Follower implements WireFollower {
  readonly transaction = 'none'

  fromClient(chunk: Buffer): readonly FromClient[] {
    if (chunk.length > 100) return [{ kind: 'pass', bytes: [chunk], isPartOfRequest: false }]
    return Array.from(chunk.toString(), (letter): FromClient => {
      const bytes = [Buffer.from(letter)]
      return letter === 'r'
        ? { kind: 'request', statement: { parts: ['r'], params: [] }, bytes }
        : { kind: 'pass', bytes, isPartOfRequest: false }
    })
  }

  fromServer(chunk: Buffer): readonly FromServer[] {
    if (chunk.length > 100) return [{ kind: 'pass', bytes: [chunk] }]
    return Array.from(chunk.toString(), (letter): FromServer => {
      const bytes = [Buffer.from(letter)]
      if (letter === 'a') return { kind: 'response', response: { bytes, outcome: done } }
      if (letter === 'w') return { kind: 'ready', id: 7, bytes }
      if (letter === 'n') return { kind: 'renewed', bytes }
      return { kind: 'pass', bytes }
    })
  }

  sent(): readonly FromServer[] {
    return []
  }

  inject(text: string): Injection {
    return { kind: 'injection', bytes: [Buffer.from(text)] }
  }

  held(): readonly Buffer[] {
    return []
  }
}

const protocol: WireProtocol = {
  follow: () => new Follower(),
  refusal: () => [Buffer.from('!')],
  socketName: 'socket',
}

/** Keeps every request. */
class Owner implements ConnectionOwner {
  readonly requests: WireConnection[] = []
  readonly closed: ConnectionOwner['closed'] = (connection) => {
    this.ended.push(connection)
  }
  readonly ended: WireConnection[] = []
  readonly renewals = Promise.withResolvers<void>()

  opened(): Promise<void> {
    return Promise.resolve()
  }

  renewed(): Promise<void> {
    return this.renewals.promise
  }

  requested(connection: WireConnection): void {
    this.requests.push(connection)
  }

  noticed(): void {}
}

let server: Server
let owner: Owner
let door: Door
let accepted: Socket[]
/** What the server has heard. */
let heard: string

beforeEach(async () => {
  accepted = []
  heard = ''
  server = createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => {}).on('data', (chunk) => (heard += chunk.toString()))
    socket.write('w')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  owner = new Owner()
  door = await openDoor({ protocol, address: { host: '127.0.0.1', port }, url: 'x://u@h/d' }, owner)
})

afterEach(async () => {
  for (const socket of accepted) socket.destroy()
  await door.close()
  server.close()
})

const enter = (): Socket => {
  const { port } = new URL(door.url)
  return connect(Number(port), '127.0.0.1').on('error', () => {})
}

/** A client that has been let in, and what it has heard. */
async function client(): Promise<{ socket: Socket; heard: () => string }> {
  const socket = enter()
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await expect.poll(() => said).toBe('w')
  return { socket, heard: () => said }
}

test('there is a Unix socket to the same place, in a folder that goes with the door', async () => {
  const path = await door.unixSocket()
  expect(basename(path)).toBe(protocol.socketName)
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
  expect(await door.unixSocket()).toBe(path)
  const socket = connect(path).on('error', () => {})
  const [said] = (await once(socket, 'data')) as [Buffer]
  expect(said.toString()).toBe('w')
  socket.write('r')
  await expect.poll(() => owner.requests.length).toBe(1)
  await door.close()
  expect(existsSync(dirname(path))).toBe(false)
})

test('a request waits until it is forwarded, and its answer until it is delivered', async () => {
  const { socket, heard: told } = await client()
  socket.write('r')
  await expect.poll(() => owner.requests.length).toBe(1)
  await pause(10)
  expect(heard).toBe('')
  const [connection] = owner.requests
  const forwarded = connection?.forward()
  await expect.poll(() => heard).toBe('r')
  accepted[0]?.write('a')
  const response = await forwarded
  await pause(10)
  expect(told()).toBe('w')
  if (response) connection?.deliver(response)
  await expect.poll(told).toBe('wa')
})

/** Has the request that waits go to the server, which answers it, and the client hear of it. */
async function answerRequest(): Promise<void> {
  const [connection] = owner.requests
  const forwarded = connection?.forward()
  await expect.poll(() => heard).toBe('r')
  accepted[0]?.write('a')
  const response = await forwarded
  if (response) connection?.deliver(response)
}

test('what follows a request waits for its end', async () => {
  const { socket } = await client()
  socket.write('rpr')
  await expect.poll(() => owner.requests.length).toBe(1)
  await answerRequest()
  await expect.poll(() => heard).toBe('rp')
  expect(owner.requests).toHaveLength(2)
})

/** One with a request that waits, who goes on to say as much as this. */
async function talker(bytes: number): Promise<Socket> {
  const { socket } = await client()
  socket.write('r')
  await expect.poll(() => owner.requests.length).toBe(1)
  const much = Buffer.alloc(1_000_000, 'p')
  for (let left = bytes; left > 0; left -= much.length) socket.write(much)
  return socket
}

test('who sends much ahead is kept from sending more, until the turn of it has come', async () => {
  const bytes = 20_000_000
  const socket = await talker(bytes)
  await pause(300)
  // What the sockets themselves hold is less than that.
  expect(socket.writableLength).toBeGreaterThan(bytes / 4)
  await answerRequest()
  await expect.poll(() => heard.length, { timeout: 5_000 }).toBe(1 + bytes)
})

test('who was kept from sending more can do so when everything is refused', async () => {
  const socket = await talker(20_000_000)
  await pause(300)
  door.refuse()
  await expect.poll(() => socket.writableLength, { timeout: 5_000 }).toBe(0)
})

test('a client hears that its session has begun anew when its owner is ready', async () => {
  const { heard: told } = await client()
  accepted[0]?.write('n')
  await pause(10)
  expect(told()).toBe('w')
  owner.renewals.resolve()
  await expect.poll(told).toBe('wn')
})

test('a session that cannot be set up again is lost', async () => {
  const { socket } = await client()
  const closed = once(socket, 'close')
  owner.renewals.promise.catch(() => {}) // whoever asks for it hears of it
  owner.renewals.reject(new Error('refused'))
  accepted[0]?.write('n')
  await closed
  expect(door.connections).toBe(0)
})

test.each([
  { who: 'client', isEndedByServer: false },
  { who: 'server', isEndedByServer: true },
] as const)('knows whether it was the $who who went', async ({ who, isEndedByServer }) => {
  const { socket } = await client()
  socket.write('r')
  await expect.poll(() => owner.requests.length).toBe(1)
  const forwarded = owner.requests[0]?.forward()
  ;(who === 'client' ? socket : accepted[0])?.destroy()
  expect(await forwarded).toBeUndefined()
  await expect.poll(() => owner.ended).toMatchObject([{ isEndedByServer }])
  expect(door.connections).toBe(0)
})

test('a server that cannot be reached has ended it', async () => {
  await new Promise((resolve) => server.close(resolve))
  const socket = enter().resume()
  await once(socket, 'close')
  await expect.poll(() => owner.ended).toMatchObject([{ isEndedByServer: true }])
})

test('a door that refuses answers every request, and lets nobody in', async () => {
  const { socket, heard: told } = await client()
  socket.write('r')
  await expect.poll(() => owner.requests.length).toBe(1)
  door.refuse()
  await expect.poll(told).toBe('w!')
  socket.write('r')
  await expect.poll(told).toBe('w!!')
  const late = enter().resume()
  await once(late, 'close')
  expect(accepted).toHaveLength(1)
  expect(heard).toBe('')
})

test('closes though a client does not read', async () => {
  const socket = enter()
  await expect.poll(() => accepted.length).toBe(1)
  socket.pause()
  const [from] = accepted
  const much = Buffer.alloc(1_000_000, 'p')
  for (let count = 0; count < 20; count++) from?.write(much)
  await pause(50)
  await door.close()
  expect(door.connections).toBe(0)
  socket.destroy()
})

test('counts the connections that are open, and the most that were', async () => {
  const clients = [await client(), await client()]
  expect([door.connections, door.mostConnections]).toEqual([2, 2])
  clients[0]?.socket.destroy()
  await expect.poll(() => door.connections).toBe(1)
  expect(door.mostConnections).toBe(2)
})
