import { createServer } from 'node:net'
import { join } from 'node:path'
import { newFolderPattern } from './folder.ts'

export type Transport = 'socket' | 'tcp'

/** Where a server listens: on a socket in `folder`, or, without one, on 127.0.0.1. */
export interface Address {
  readonly folder?: string
  readonly port: number
}

export const superuser = 'lockstep'

/** Only a part of the socket's file name: every server has a folder of its own. */
export const socketPort = 5432

/** What fits into the system's address structure beside the zero byte that ends it. */
export const socketPathLimitBytes = process.platform === 'darwin' ? 103 : 107

/**
 * The transport to use for a server in `temporaryFolder`.
 *
 * @throws {Error} when a socket is asked for and its path would be too long
 */
export function chooseTransport(temporaryFolder: string, wanted?: Transport): Transport {
  if (wanted === 'tcp') return 'tcp'
  const path = join(temporaryFolder, newFolderPattern, `.s.PGSQL.${socketPort}`)
  const bytes = Buffer.byteLength(path)
  if (bytes <= socketPathLimitBytes) return 'socket'
  if (wanted === undefined) return 'tcp'
  throw new Error(
    `PostgreSQL cannot listen on a Unix socket in ${temporaryFolder}: the socket's path would have ` +
      `${bytes} bytes, and the system allows ${socketPathLimitBytes}. Set TMPDIR to a folder with a ` +
      `shorter path, or use the tcp transport.`,
  )
}

/**
 * The server's URL. A socket's has a host as well, which `pg` and libpq both pass over in favour of
 * the `host` parameter: without one, `new URL()` refuses a URL that names a user.
 */
export function serverUrl(address: Address, password: string): string {
  const login = `postgres://${superuser}:${password}`
  if (address.folder === undefined) return `${login}@127.0.0.1:${address.port}/postgres`
  // Not URLSearchParams, which writes a space as a plus: libpq would take it for a plus.
  const host = encodeURIComponent(address.folder)
  return `${login}@localhost/postgres?host=${host}&port=${address.port}`
}

/** The arguments that make `postgres` listen there and nowhere else. */
export function listenArguments(address: Address): string[] {
  const onSocket = address.folder !== undefined
  // The setting is a list: quoted, a folder's name may hold a comma or a space.
  const folders = onSocket ? `"${address.folder.replaceAll('"', '""')}"` : ''
  return [
    `--listen_addresses=${onSocket ? '' : '127.0.0.1'}`,
    `--unix_socket_directories=${folders}`,
    `--port=${address.port}`,
  ]
}

/** A port of 127.0.0.1 that is free now. Somebody else may take it before it is used. */
export async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', done)
  })
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new Error('No free TCP port.')
  return address.port
}
