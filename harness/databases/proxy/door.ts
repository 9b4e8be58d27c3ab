import { mkdtemp, rm } from 'node:fs/promises'
import {
  connect,
  createServer,
  type AddressInfo,
  type ListenOptions,
  type NetConnectOpts,
  type Server,
  type Socket,
} from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { HarnessFault } from '../../errors.ts'
import { stoppedByLockstep } from '../../stray.ts'
import { WireConnection, type ConnectionOwner } from './connection.ts'
import type { WireLimits, WireProtocol } from './wire.ts'

/** Where the server is, and how one speaks to it. */
export interface Upstream {
  readonly protocol: WireProtocol
  /** Asked for each connection: one that was started anew may be elsewhere. */
  readonly address: NetConnectOpts
  /** What clients need to know but for where: with the user, the password and the database. */
  readonly url: string
}

/** Larger messages than anybody sends to be tested. */
export const wireLimits: WireLimits = { bytes: 64 * 1024 * 1024 }

/** How long clients may take to read what they were told last, in milliseconds. */
const farewellMs = 500

/** An address on this machine, for clients that are meant to reach the server through Lockstep only. */
export interface Door {
  /** What a client connects to. */
  readonly url: string
  /** Path of a Unix socket that leads to the same place, which is quicker: made when it is first asked for. */
  unixSocket(): Promise<string>
  /** Connections that are open at this moment. */
  readonly connections: number
  /** The most that were open at the same time. */
  readonly mostConnections: number
  /**
   * From now on every request is refused, those that wait included, nothing goes to the server any more,
   * and nobody is let in: an application can end in good order, as some end their process when a
   * connection is lost.
   */
  refuse(): void
  /** Ends every connection, whatever the client has still to read, and nobody is let in any more. */
  close(): Promise<void>
}

/** Opens a door that listens on the loopback interface, at a port of its own. */
export async function openDoor(
  upstream: Upstream,
  owner: ConnectionOwner,
  limits: WireLimits = wireLimits,
): Promise<Door> {
  const { protocol, url } = upstream
  const refused = protocol.refusal(stoppedByLockstep)
  const connections = new Set<WireConnection>()
  let mostConnections = 0
  const watching: ConnectionOwner = {
    opened: (connection, id) => owner.opened(connection, id),
    requested: (connection, request) => owner.requested(connection, request),
    renewed: (connection) => owner.renewed(connection),
    noticed: (connection, code) => owner.noticed(connection, code),
    closed: (connection) => {
      connections.delete(connection)
      owner.closed(connection)
    },
  }
  const clients = new Set<Socket>()
  let isRefusing = false
  const accept = (client: Socket): void => {
    if (isRefusing) {
      client.destroy()
      return
    }
    clients.add(client)
    client.once('close', () => clients.delete(client))
    const server = connect(upstream.address)
    connections.add(new WireConnection(client, server, protocol.follow(limits), watching, refused))
    mostConnections = Math.max(mostConnections, connections.size)
  }
  const listener = await listening(accept, { port: 0, host: '127.0.0.1' })
  const { port } = listener.address() as AddressInfo
  let socket: Promise<UnixSocket> | undefined
  return {
    url: throughPort(url, port),
    unixSocket: async () => {
      socket ??= openUnixSocket(accept, protocol.socketName)
      return (await socket).path
    },
    get connections() {
      return connections.size
    },
    get mostConnections() {
      return mostConnections
    },
    refuse: () => {
      isRefusing = true
      for (const connection of connections) connection.refuse()
    },
    close: async () => {
      const unix = await socket?.catch(() => undefined)
      const closed = Promise.all([ending(listener), unix && ending(unix.listener)])
      for (const connection of connections) connection.hangUp()
      // One that does not read would never have been told everything.
      const alarm = setTimeout(() => clients.forEach((client) => client.destroy()), farewellMs)
      await closed
      clearTimeout(alarm)
      if (unix) await rm(dirname(unix.path), { recursive: true, force: true })
    },
  }
}

function listening(accept: (client: Socket) => void, at: ListenOptions): Promise<Server> {
  const listener = createServer(accept)
  return new Promise((resolve, reject) => {
    listener.once('error', (error) =>
      reject(new HarnessFault(`No place could be opened for applications: ${error.message}.`)),
    )
    listener.listen(at, () => resolve(listener))
  })
}

const ending = (listener: Server): Promise<void> =>
  new Promise((resolve) => {
    listener.close(() => resolve())
  })

interface UnixSocket {
  readonly path: string
  readonly listener: Server
}

/** In a folder of its own, which nobody else can look into. */
async function openUnixSocket(accept: (client: Socket) => void, name: string): Promise<UnixSocket> {
  const path = join(await mkdtemp(join(tmpdir(), 'lockstep-door-')), name)
  return { path, listener: await listening(accept, { path }) }
}

/** The same URL at another place. How one reaches the server itself is of no account any more. */
export function throughPort(url: string, port: number): string {
  const changed = new URL(url)
  changed.hostname = '127.0.0.1'
  changed.port = String(port)
  changed.search = ''
  return changed.href
}
