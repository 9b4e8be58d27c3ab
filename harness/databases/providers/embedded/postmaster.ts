import { ftruncateSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account } from './account.ts'
import {
  findFreePort,
  listenArguments,
  socketPort,
  superuser,
  type Address,
  type Transport,
} from './address.ts'
import { clusterName, inside, readStatus } from './folder.ts'
import type { Settings } from './settings.ts'
import { startTool, type Tool } from './tool.ts'

/** Where and as whom PostgreSQL's programs run, and until when. */
export interface Site {
  readonly folder: string
  readonly binaries: string
  readonly account: Account | undefined
  /** The open file at `inside(folder).log`. */
  readonly log: number
  /** When it aborts, whatever is waited for rejects with the signal's reason, and goes on alone. */
  readonly signal: AbortSignal
}

export interface Postmaster extends Tool {
  readonly address: Address
}

const readyPollMs = 5

/** A port that was free and then was not is bad luck; several in a row are not luck. */
const portAttempts = 5

const tailLines = 20
/** Enough for the lines; a log may have grown large. */
const tailCharacters = 4_000

/**
 * Makes a new, empty database cluster, whose superuser has the password in the folder's password
 * file. The file is removed.
 *
 * @throws {Error} when initdb fails
 */
export async function initialise(site: Site, settings: Settings): Promise<void> {
  const path = inside(site.folder)
  try {
    // Its messages are kept, and not sent to a file: they may be about a full disk.
    const initdb = await start(site, 'initdb', 'pipe', [
      '-D',
      path.data,
      `--username=${superuser}`,
      `--pwfile=${path.password}`,
      '--auth=scram-sha-256',
      // The same sort order and messages whatever the machine's language.
      '--encoding=UTF8',
      '--no-locale',
      // Time spent on what nobody will ever read again.
      '--no-sync',
      '--no-clean',
      '--no-instructions',
      '--no-data-checksums',
      ...Object.entries(settings).map(([name, value]) => `--set=${name}=${value}`),
    ])
    const ended = await unlessAborted(initdb.ended, site.signal)
    if (ended === 'succeeded') return
    throw new Error(`PostgreSQL's initdb ${ended}, saying:\n${tail(initdb.complaint())}`)
  } finally {
    rmSync(path.password)
  }
}

/**
 * Starts the server and waits until it takes connections.
 *
 * @throws {Error} when it ends before that
 */
export async function startPostmaster(
  site: Site,
  transport: Transport,
  firstPort?: number,
): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    const address = await chooseAddress(site, transport, attempt === 1 ? firstPort : undefined)
    // Only the latest attempt's messages explain anything.
    ftruncateSync(site.log)
    const server = await start(site, 'postgres', site.log, [
      '-D',
      inside(site.folder).data,
      `--cluster_name=${clusterName(site.folder)}`,
      ...listenArguments(address),
    ])
    const ended = await untilReady(site, server)
    if (ended === undefined) return { ...server, address }
    if (!portWasTaken(site.folder) || attempt === portAttempts) {
      throw new Error(`PostgreSQL's server ${ended}.`)
    }
  }
}

async function chooseAddress(
  { folder }: Site,
  transport: Transport,
  firstPort?: number,
): Promise<Address> {
  if (transport === 'socket') return { folder, port: socketPort }
  return { port: firstPort ?? (await findFreePort()) }
}

/** Resolves to undefined as soon as the server is ready, or to how it ended. */
async function untilReady({ folder, signal }: Site, server: Tool): Promise<string | undefined> {
  let ended: string | undefined
  void server.ended.then((how) => (ended = how))
  for (;;) {
    signal.throwIfAborted()
    if (ended !== undefined) return ended
    const status = readStatus(folder)
    if (status?.ready && status.pid === server.pid) return undefined
    await sleep(readyPollMs)
  }
}

const portWasTaken = (folder: string): boolean => logTail(folder).includes('Address already in use')

async function start(
  { binaries, account, signal }: Site,
  name: string,
  log: number | 'pipe',
  parameters: string[],
): Promise<Tool> {
  signal.throwIfAborted()
  return startTool(join(binaries, 'bin', name), parameters, account, log)
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  return Promise.race([promise, aborted])
}

/** The last lines of the server's log, or nothing where there is none. */
export function logTail(folder: string): string {
  try {
    return tail(readFileSync(inside(folder).log, 'utf8'))
  } catch {
    return ''
  }
}

function tail(text: string): string {
  const lines = text.slice(-tailCharacters).trimEnd().split('\n').slice(-tailLines)
  // What initdb says of its data folder, which is removed all the same, just not by initdb.
  return lines.filter((line) => !line.includes("not removed at user's request")).join('\n')
}
