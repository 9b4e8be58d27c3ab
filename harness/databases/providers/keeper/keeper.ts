/**
 * The keeper: a process that owns one server and outlives its parent just long enough to remove it.
 *
 * It holds a channel to the parent, which the system closes however the parent ends: that is the
 * order to stop. Being a session of its own, it does not get the Ctrl-C meant for the parent.
 */
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, openSync, statfsSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Account } from './account.ts'
import { createFolder, handOver, inside } from './folder.ts'
import { copyInstallation, proveRunnable, type Installation } from './installation.ts'
import type { ServerKind } from './kind.ts'
import { kinds } from './kinds/index.ts'
import { removeServer, sweep } from './leftovers.ts'
import { startLimitMs, type KeeperMessage, type KeeperOrder, type StartRequest } from './request.ts'
import { crash, initialise, logTail, serve, type Making, type Server } from './server.ts'
import { Unavailable } from '../provider.ts'

const passwordBytes = 16

/** With less than this free, a write that failed did so for want of space. */
const fullBytes = 1024 ** 2

const stop = new AbortController()
const stopped = new Promise((done) => stop.signal.addEventListener('abort', done))
let folder: string | undefined
let crashOrder = Promise.withResolvers<void>()

// Files for the account to read must not depend on the caller's umask; the folder is private.
process.umask(0o022)
for (const order of ['disconnect', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(order, () => stop.abort(new Error('The server was told to stop.')))
}
process.on('uncaughtException', (error) => stop.abort(error))
process.on('message', (order: KeeperOrder) => {
  if (order.kind === 'start') void keep(order.request)
  else crashOrder.resolve()
})
// The parent may have ended before anybody listened.
if (!process.connected) process.exit()

async function keep(request: StartRequest): Promise<void> {
  try {
    const { making, url, ...started } = await start(request)
    await tell({ kind: 'ready', url })
    let { server } = started
    while (await isToCrash(server)) {
      const signal = startSignal(request)
      server = await crash({ ...making, signal }, server)
      await tell({ kind: 'ready', url })
    }
  } catch (error) {
    const remedy = error instanceof Unavailable ? error.remedy : undefined
    const message = explain((error as Error).message, request.temporaryFolder)
    await tell({ kind: 'failed', message, remedy })
  } finally {
    await leave()
  }
}

/** Waits until there is something to do: kill the server, or else leave. */
async function isToCrash({ ended }: Server): Promise<boolean> {
  const ordered = crashOrder.promise.then(() => true)
  const isOrdered = await Promise.race([ordered, ended, stopped])
  crashOrder = Promise.withResolvers()
  return isOrdered === true
}

interface Started {
  readonly making: Making
  readonly server: Server
  readonly url: string
}

async function start(request: StartRequest): Promise<Started> {
  const { temporaryFolder, account, settings, durable = false } = request
  const kind = kinds[request.engine]
  const signal = startSignal(request)
  const user = process.getuid?.() ?? 0
  await sweep(temporaryFolder, [user, account?.uid ?? user])

  folder = createFolder(kind, temporaryFolder)
  await tell({ kind: 'created', folder })
  const log = openSync(inside(folder).log, 'ax', 0o600)
  const password = randomBytes(passwordBytes).toString('hex')
  const text = kind.secret(request.installation.server, password)
  const secret = writeSecret(inside(folder).secret, text, account)
  // Not all make it themselves.
  mkdirSync(inside(folder).data, { mode: 0o700 })
  if (account) chownSync(inside(folder).data, account.uid, account.gid)
  const programs = await prepare(kind, request.installation, folder, account)

  const making = { kind, folder, ...programs, account, durable, settings, log, secret, signal }
  await initialise(making)
  const server = await serve(making, request.transport, request.firstPort)
  return { making, server, url: kind.url(server.address, password) }
}

/** Returns the open file, which is to be read from its beginning. */
function writeSecret(path: string, text: string, account: Account | undefined): number {
  const file = openSync(path, 'wx+', 0o600)
  const bytes = Buffer.from(text)
  writeSync(file, bytes, 0, bytes.length, 0)
  if (account) chownSync(path, account.uid, account.gid)
  return file
}

/** Gives the folder to the account, with a copy of the programs if it cannot run the installed ones. */
async function prepare(
  kind: ServerKind,
  { server, movable }: Installation,
  target: string,
  account: Account | undefined,
): Promise<{ server: string; version: string }> {
  const prove = (path: string) => proveRunnable(kind, path, account).then(String, asError)
  const installed = await prove(server)
  const copy =
    installed instanceof Error && movable !== undefined
      ? await copyInstallation({ server, movable }, inside(target).programs)
      : undefined
  if (account) handOver(kind, target, account)
  const version = copy === undefined ? installed : await prove(copy)
  if (!(version instanceof Error)) return { server: copy ?? server, version }
  throw new Unavailable(
    `${kind.title}'s programs in ${dirname(server)} cannot be run: ${version.message.trim()}.`,
    'Install it again, or use another provider.',
  )
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error))

/** Aborts what belongs to one start: when the server is told to stop, or the start takes too long. */
function startSignal({ engine, startLimitMs: limitMs = startLimitMs }: StartRequest): AbortSignal {
  const limit = new AbortController()
  const reason = new Error(`${kinds[engine].title} was not ready within ${limitMs / 1000} s.`)
  setTimeout(() => limit.abort(reason), limitMs).unref()
  return AbortSignal.any([stop.signal, limit.signal])
}

/** Adds what is known of the reason to what failed. */
function explain(failure: string, temporaryFolder: string): string {
  const log = folder === undefined ? '' : logTail(folder)
  const isShort = isFull(temporaryFolder) || noSpace.test(failure + log)
  const reason = isShort ? `${temporaryFolder} (TMPDIR) is full. ` : ''
  return `${reason}${failure}${log === '' ? '' : ` The end of its log:\n${log}`}`
}

/** MariaDB asks for room that it would not get, and leaves what there is. */
const noSpace = /no space left on device|out of disk space/i

function isFull(path: string): boolean {
  if (!existsSync(path)) return false
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize < fullBytes
}

/** Removes everything and ends. Should that fail, the parent or the next sweep tries again. */
async function leave(): Promise<never> {
  if (folder !== undefined) await removeServer(folder).catch(() => {})
  process.exit()
}

/** Resolves once the message is on its way, or cannot be because the parent is gone. */
async function tell(message: KeeperMessage): Promise<void> {
  if (!process.connected) return
  await new Promise<void>((done) => process.send?.(message, undefined, {}, () => done()))
}
