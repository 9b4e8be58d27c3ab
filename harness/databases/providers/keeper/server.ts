import { ftruncateSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Unavailable } from '../provider.ts'
import { findFreePort, type Address, type Transport } from './address.ts'
import { killServer } from './ending.ts'
import { inside } from './folder.ts'
import type { Command, ServerKind, Site } from './kind.ts'
import { startTool, type Tool } from './tool.ts'

/** One server's making, from its first file to its first connection. */
export interface Making extends Site {
  readonly kind: ServerKind
  /** The open file at `inside(folder).log`. */
  readonly log: number
  /** The open file at `inside(folder).secret`. */
  readonly secret: number
  /** When it aborts, whatever is waited for rejects with the signal's reason, and goes on alone. */
  readonly signal: AbortSignal
}

export interface Server extends Tool {
  readonly address: Address
}

const readyPollMs = 5
const takenPollMs = 50

/** A port that was free and then was not is bad luck; several in a row are not luck. */
const portAttempts = 5

const tailLines = 20
/** Enough for the lines; a log may have grown large. */
const tailCharacters = 4_000

/**
 * Makes new data, whose superuser has the password in the secret file. The file is removed.
 *
 * @throws {Unavailable} when the program that makes it is kept out of the folder
 * @throws {Error} when that program fails otherwise
 */
export async function initialise(making: Making): Promise<void> {
  const { kind, folder, signal } = making
  try {
    const command = kind.initialise(making)
    // Its messages are kept, and not sent to a file: they may be about a full disk.
    const tool = await start(making, command, 'pipe')
    const ended = await unlessAborted(tool.ended, signal)
    if (ended === 'succeeded') return
    const complaint = `${kind.title}'s ${basename(command.program)} ${ended}, saying:\n${tail(tool.complaint())}`
    throw denial.test(tool.complaint()) ? confined(making, complaint) : new Error(complaint)
  } finally {
    rmSync(inside(folder).secret)
  }
}

/**
 * How a program says that it may not write. The account may, in this folder, so it is the program
 * that is kept out: Ubuntu, for one, has AppArmor keep `mysqld` to the folders of its package.
 */
const denial = /permission denied|errno: 13\b|\berror 13\b/i

const confined = ({ kind, folder }: Making, complaint: string): Unavailable =>
  new Unavailable(
    `${kind.title} may not write to ${dirname(folder)} (TMPDIR), where its account may: AppArmor or SELinux keeps it to other folders. ${complaint}`,
    'Use another provider, or lift that for its program.',
  )

/**
 * Starts the server and waits until it takes connections.
 *
 * @throws {Error} when it ends before that
 */
export async function serve(
  making: Making,
  transport: Transport,
  firstPort?: number,
): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const address = await chooseAddress(making, transport, attempt === 1 ? firstPort : undefined)
    const server = await serveAt(making, address, attempt < portAttempts)
    if (server) return server
  }
}

/**
 * Kills the server without a warning, and starts it again on its data, at the same address. Somebody
 * who comes to have its port meanwhile is waited for: such a port is one of those that the system
 * lends to clients, for as long as their connections last.
 *
 * @throws {Error} when it does not come back
 */
export async function crash(making: Making, { pid, ended, address }: Server): Promise<Server> {
  const { kind, folder } = making
  await killServer(kind, folder, pid)
  // Until then its number is in use, and the files that keep a second server out have it in them.
  await ended
  kind.giveBack?.(folder)
  for (;;) {
    const server = await serveAt(making, address, true)
    if (server) return server
    await sleep(takenPollMs)
  }
}

/**
 * Resolves to the server once it is ready.
 *
 * @param again whether there is to be another attempt if somebody else has the port: undefined then.
 */
async function serveAt(
  making: Making,
  address: Address,
  again: boolean,
): Promise<Server | undefined> {
  // Only the latest attempt's messages explain anything, or tell that this server is ready.
  ftruncateSync(making.log)
  const server = await start(making, making.kind.serve(making, address), making.log)
  const ended = await untilReady(making, server)
  if (ended === undefined) return { ...server, address }
  if (again && portWasTaken(making.folder)) return undefined
  throw new Error(`${making.kind.title}'s server ${ended}.`)
}

async function chooseAddress(
  { folder }: Site,
  transport: Transport,
  firstPort?: number,
): Promise<Address> {
  if (transport === 'socket') return { folder }
  return { port: firstPort ?? (await findFreePort()) }
}

/** Resolves to undefined as soon as the server is ready, or to how it ended. */
async function untilReady(making: Making, server: Tool): Promise<string | undefined> {
  let ended: string | undefined
  void server.ended.then((how) => (ended = how))
  for (;;) {
    making.signal.throwIfAborted()
    if (ended !== undefined) return ended
    if (making.kind.isReady(making.folder, server.pid)) return undefined
    await sleep(readyPollMs)
  }
}

const portWasTaken = (folder: string): boolean => logTail(folder).includes('Address already in use')

async function start(
  { account, secret, signal }: Making,
  { program, parameters, readsSecret }: Command,
  complaints: number | 'pipe',
): Promise<Tool> {
  signal.throwIfAborted()
  const input = readsSecret ? secret : 'ignore'
  return startTool(program, parameters, account, { input, complaints })
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
  const lines = text.slice(-tailCharacters).trimEnd().split('\n')
  const telling = lines.filter((line) => !idle.test(line))
  return (telling.length > 0 ? telling : lines).slice(-tailLines).join('\n')
}

/**
 * What says nothing about a failure: MySQL's account of its progress, and what initdb says of its
 * data folder, which is removed all the same, just not by initdb.
 */
const idle = /\[(?:Note|System)\]|not removed at user's request/
