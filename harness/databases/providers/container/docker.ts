import { existsSync } from 'node:fs'
import { request, type RequestOptions } from 'node:http'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { Unavailable } from '../provider.ts'

/** A Docker that answers. */
export interface Docker {
  /** Where, as in DOCKER_HOST. */
  readonly address: string
  readonly version: string
}

const answerLimitMs = 3_000

const orElse = 'or choose another provider with --provider'

/**
 * Asks Docker for its version: where DOCKER_HOST says, else at the sockets it usually has.
 *
 * Testcontainers looks there too, but passes over a DOCKER_HOST that does not answer, and says of any
 * failure only that there was one.
 *
 * @throws {Unavailable} when there is none, or it does not answer, or not to us.
 */
export async function findDocker(): Promise<Docker> {
  const address = process.env['DOCKER_HOST'] || usualAddress()
  if (address === undefined) {
    throw new Unavailable(
      'Docker is not installed or not running: it has no socket here, and DOCKER_HOST is not set.',
      `Start Docker (as root: dockerd), ${orElse}.`,
    )
  }
  try {
    return { address, version: await askVersion(address) }
  } catch (error) {
    throw whyNot(address, error as NodeJS.ErrnoException)
  }
}

function usualAddress(): string | undefined {
  const home = homedir()
  const sockets = [
    '/var/run/docker.sock',
    join(process.env['XDG_RUNTIME_DIR'] ?? '/nonexistent', 'docker.sock'),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    `/run/user/${userInfo().uid}/docker.sock`,
  ]
  const socket = sockets.find((path) => existsSync(path))
  return socket === undefined ? undefined : `unix://${socket}`
}

function whyNot(address: string, { code, message }: NodeJS.ErrnoException): Unavailable {
  if (code === 'EACCES') {
    return new Unavailable(
      `Docker is there, but this user may not use its socket (${address}).`,
      `Add the user to the group docker and log in again, ${orElse}.`,
    )
  }
  return new Unavailable(
    `Docker does not answer at ${address}: ${code === 'ENOENT' ? 'there is no such socket' : message}.`,
    `Start Docker (as root: dockerd), set DOCKER_HOST to where it runs, ${orElse}.`,
  )
}

async function askVersion(address: string): Promise<string> {
  const text = await get({ ...connection(address), path: '/version', timeout: answerLimitMs })
  return (JSON.parse(text) as { readonly Version: string }).Version
}

/** @throws {Error} for an address of no kind that Docker has. */
function connection(address: string): RequestOptions {
  if (!URL.canParse(address)) throw new Error('this is not a URL')
  const { protocol, hostname, port, pathname } = new URL(address)
  if (protocol === 'unix:') return { socketPath: pathname }
  if (protocol === 'tcp:' || protocol === 'http:') return { hostname, port: port || 2375 }
  throw new Error(`it can be reached through unix:// and tcp:// only, and not ${protocol}//`)
}

function get(options: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('error', reject)
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(new Error(`it answered with status ${response.statusCode}`)),
      )
    })
    asked.on('timeout', () =>
      asked.destroy(new Error(`there was no answer within ${answerLimitMs / 1000} s`)),
    )
    asked.on('error', reject)
    asked.end()
  })
}

/** Without what the client puts in front of it, e.g. `(HTTP code 500) server error - `. */
export const dockerMessage = (error: unknown): string =>
  (error as Error).message.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim()
