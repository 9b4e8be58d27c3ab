/**
 * The keeper: a process that owns one server and outlives its parent just long enough to remove it.
 *
 * It holds a channel to the parent, which the system closes however the parent ends: that is the
 * order to stop. Being a session of its own, it does not get the Ctrl-C meant for the parent.
 */
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, openSync, statfsSync, writeFileSync } from 'node:fs'
import type { Account } from './account.ts'
import { serverUrl } from './address.ts'
import { copyBinaries, whyNotRunnable } from './binaries.ts'
import { createFolder, handOver, inside } from './folder.ts'
import { removeServer, sweep } from './leftovers.ts'
import { initialise, logTail, startPostmaster, type Postmaster } from './postmaster.ts'
import { startLimitMs, type KeeperMessage, type StartRequest } from './request.ts'

const passwordBytes = 16

/** With less than this free, a write that failed did so for want of space. */
const fullBytes = 1024 ** 2

const stop = new AbortController()
let folder: string | undefined

// Files for the account to read must not depend on the caller's umask; the folder is private.
process.umask(0o022)
for (const order of ['disconnect', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(order, () => stop.abort(new Error('PostgreSQL was told to stop.')))
}
process.on('uncaughtException', (error) => stop.abort(error))
process.once('message', (request: StartRequest) => void keep(request))
// The parent may have ended before anybody listened.
if (!process.connected) process.exit()

async function keep(request: StartRequest): Promise<void> {
  try {
    const { server, url } = await start(request)
    await tell({ kind: 'ready', url })
    await Promise.race([server.ended, stopped()])
  } catch (error) {
    const { message } = error as Error
    await tell({ kind: 'failed', message: explain(message, request.temporaryFolder) })
  } finally {
    await leave()
  }
}

async function start(request: StartRequest): Promise<{ server: Postmaster; url: string }> {
  const { temporaryFolder, account, transport } = request
  const signal = AbortSignal.any([stop.signal, limit(request.startLimitMs ?? startLimitMs)])
  const user = process.getuid?.() ?? 0
  await sweep(temporaryFolder, [user, account?.uid ?? user])

  folder = createFolder(temporaryFolder)
  await tell({ kind: 'created', folder })
  const log = openSync(inside(folder).log, 'ax', 0o600)
  const password = randomBytes(passwordBytes).toString('hex')
  writePassword(inside(folder).password, password, account)
  const binaries = await prepareBinaries(request.binaries, folder, account)

  const site = { folder, binaries, account, log, signal }
  await initialise(site, request.settings)
  const server = await startPostmaster(site, transport, request.firstPort)
  return { server, url: serverUrl(server.address, password) }
}

function writePassword(path: string, password: string, account: Account | undefined): void {
  writeFileSync(path, password, { mode: 0o600 })
  if (account) chownSync(path, account.uid, account.gid)
}

/** Gives the folder to the account, with a copy of the binaries if it cannot run the installed ones. */
async function prepareBinaries(
  installed: string,
  target: string,
  account: Account | undefined,
): Promise<string> {
  const copy = inside(target).binaries
  const asInstalled = (await whyNotRunnable(installed, account)) === undefined
  if (!asInstalled) await copyBinaries(installed, copy)
  if (account) handOver(target, account)
  if (asInstalled) return installed
  const problem = await whyNotRunnable(copy, account)
  if (problem === undefined) return copy
  throw new Error(`PostgreSQL's binaries in ${installed} cannot be run: ${problem}.`)
}

function limit(limitMs: number): AbortSignal {
  const controller = new AbortController()
  const reason = new Error(`PostgreSQL was not ready within ${limitMs / 1000} s.`)
  setTimeout(() => controller.abort(reason), limitMs).unref()
  return controller.signal
}

async function stopped(): Promise<void> {
  if (stop.signal.aborted) return
  await new Promise((done) => stop.signal.addEventListener('abort', done))
}

/** Adds what is known of the reason to what failed. */
function explain(failure: string, temporaryFolder: string): string {
  const log = folder === undefined ? '' : logTail(folder)
  const reason = isFull(temporaryFolder) ? `${temporaryFolder} (TMPDIR) is full. ` : ''
  return `${reason}${failure}${log === '' ? '' : ` The end of its log:\n${log}`}`
}

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
