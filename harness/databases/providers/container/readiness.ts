import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WaitStrategy } from 'testcontainers'
import type { EngineName } from '../../engine-name.ts'
import { servers } from './server.ts'

type Container = Parameters<WaitStrategy['waitUntilReady']>[0]

const pollMs = 50
const loginLimitMs = 1_000
const startLimitMs = 120_000
const logLines = 20

/**
 * Waits until the server lets us in: an open port says little, since the images start the server once
 * before to set it up, and Docker's own proxy accepts connections for a server that is not there yet.
 */
export class UntilLogin implements WaitStrategy {
  /** Where the server can be reached, once it is ready. */
  url = ''
  readonly #engine: EngineName
  readonly #password: string
  readonly #host: string

  constructor(engine: EngineName, password: string, host: string) {
    this.#engine = engine
    this.#password = password
    this.#host = host
  }

  /** @throws {Error} when the container ends or the time is up, with the end of its log. */
  async waitUntilReady(container: Container): Promise<void> {
    const deadline = performance.now() + startLimitMs
    for (;;) {
      const facts = await container.inspect()
      if (!facts.State.Running) throw await whyEnded(container)
      const urls = addressesOf(facts, this.#engine, this.#host).map((address) =>
        servers[this.#engine].url(address, this.#password),
      )
      const open = await firstOpen(this.#engine, urls)
      if (open !== undefined) {
        // It may have become ready after the better one was tried.
        const best = open === urls[0] ? open : await firstOpen(this.#engine, urls)
        this.url = best ?? open
        return
      }
      if (performance.now() > deadline) {
        throw await withLog(container, `let nobody in within ${startLimitMs / 1000} s`)
      }
      await sleep(pollMs)
    }
  }

  withStartupTimeout(): this {
    return this
  }

  isStartupTimeoutSet = (): boolean => true

  getStartupTimeout = (): number => startLimitMs
}

/**
 * The better one first. The container's own address, where this machine has a way to it, takes half the time of the
 * published port, which goes through a proxy of Docker's.
 */
function addressesOf(
  { NetworkSettings }: Awaited<ReturnType<Container['inspect']>>,
  engine: EngineName,
  host: string,
): string[] {
  const { port } = servers[engine]
  const local = host === 'localhost'
  const [binding] = NetworkSettings.Ports[`${port}/tcp`] ?? []
  const own = Object.values(NetworkSettings.Networks).find(({ IPAddress }) => IPAddress !== '')
  return [
    ...(own && local && process.platform === 'linux' ? [`${own.IPAddress}:${port}`] : []),
    ...(binding ? [`${local ? '127.0.0.1' : host}:${binding.HostPort}`] : []),
  ]
}

/** The first of the URLs at which the server lets us in. */
async function firstOpen(engine: EngineName, urls: readonly string[]): Promise<string | undefined> {
  for (const url of urls) if (await canLogIn(engine, url)) return url
  return undefined
}

async function canLogIn(engine: EngineName, url: string): Promise<boolean> {
  try {
    await logIn[engine](url)
    return true
  } catch {
    return false
  }
}

async function logInToPostgres(url: string): Promise<void> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: loginLimitMs,
    // Else one that is shut down under our hands would throw where nobody catches it.
  }).on('error', () => {})
  try {
    await client.connect()
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function logInToMysql(url: string): Promise<void> {
  const uri = url.replace(/^mariadb:/, 'mysql:')
  const connection = await createConnection({ uri, connectTimeout: loginLimitMs })
  await connection.end()
}

const logIn = {
  postgres: logInToPostgres,
  mysql: logInToMysql,
  mariadb: logInToMysql,
} as const satisfies Record<EngineName, (url: string) => Promise<void>>

/** Why a container that should be running is not, with the end of its log. */
export async function whyEnded(container: Container): Promise<Error> {
  const { State } = await container.inspect()
  return withLog(container, `ended with code ${State.ExitCode}`)
}

async function withLog(container: Container, what: string): Promise<Error> {
  const log = await container.logs({ stdout: true, stderr: true, tail: logLines })
  return new Error(`its container ${what}. The end of its log:\n${withoutFrames(log).trimEnd()}`)
}

const frameHeaderBytes = 8
const frameLengthOffset = 4

/** Docker sends both outputs in one stream, in frames that say which one it is and how long. */
function withoutFrames(stream: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + frameHeaderBytes <= stream.length;) {
    const end = at + frameHeaderBytes + stream.readUInt32BE(at + frameLengthOffset)
    parts.push(stream.subarray(at + frameHeaderBytes, end))
    at = end
  }
  return Buffer.concat(parts).toString('utf8')
}
