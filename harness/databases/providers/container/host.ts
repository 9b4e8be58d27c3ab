import { createServer } from 'node:net'
import type { ContainerRuntimeClient } from 'testcontainers'

/**
 * Where Docker runs, or `localhost`. Testcontainers takes a machine for a container if it looks like
 * one, and names the bridge's address: where that is an address of our own, Docker runs here all the
 * same.
 */
export async function hostOf({ info }: ContainerRuntimeClient): Promise<string> {
  const { host } = info.containerRuntime
  return host === 'localhost' || (await isOwnAddress(host)) ? 'localhost' : host
}

/**
 * Whether the address is one of this machine's. Asked by listening there: the list of interfaces
 * leaves out a bridge that no container is attached to yet.
 */
export function isOwnAddress(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: address, port: 0 }, () => server.close(() => resolve(true)))
  })
}
