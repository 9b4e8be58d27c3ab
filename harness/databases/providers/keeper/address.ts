import { createServer } from 'node:net'
import { join } from 'node:path'
import { newFolderPattern } from './folder.ts'
import type { ServerKind } from './kind.ts'

export type Transport = 'socket' | 'tcp'

/** Where a server listens: on the socket in its folder, or on a port of 127.0.0.1. */
export type Address =
  | { readonly folder: string; readonly port?: undefined }
  | { readonly port: number; readonly folder?: undefined }

/** What fits into the system's address structure beside the zero byte that ends it. */
export const socketPathLimitBytes = process.platform === 'darwin' ? 103 : 107

/**
 * The transport to use for a server in `temporaryFolder`.
 *
 * @throws {Error} when a socket is asked for and its path would be too long
 */
export function chooseTransport(
  kind: ServerKind,
  temporaryFolder: string,
  wanted?: Transport,
): Transport {
  if (wanted === 'tcp') return 'tcp'
  const path = join(temporaryFolder, newFolderPattern(kind), kind.socketName)
  const bytes = Buffer.byteLength(path)
  if (bytes <= socketPathLimitBytes) return 'socket'
  if (wanted === undefined) return 'tcp'
  throw new Error(
    `${kind.title} cannot listen on a Unix socket in ${temporaryFolder}: the socket's path would have ` +
      `${bytes} bytes, and the system allows ${socketPathLimitBytes}. Set TMPDIR to a folder with a ` +
      `shorter path, or use the tcp transport.`,
  )
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
