import { spawnSync } from 'node:child_process'
import { lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clusterName, idleMs, inside, isFolderName, readOwner, readStatus } from './folder.ts'
import { isSame, listProcesses, processNamespace, type RunningProcess } from './processes.ts'
import { toolOptions } from './tool.ts'

/** A folder without a record of its owner may be one that is just being made, or removed. */
export const ownerlessLimitMs = 60_000

/**
 * Removes the servers in `temporaryFolder` that nobody keeps any more, because their keeper was
 * killed. Only folders that belong to one of the users are looked at; live ones stay untouched.
 */
export async function sweep(temporaryFolder: string, uids: readonly number[]): Promise<void> {
  for (const folder of serverFolders(temporaryFolder)) {
    try {
      const facts = lstatSync(folder)
      const ours = facts.isDirectory() && uids.includes(facts.uid)
      if (ours && isAbandoned(folder)) await removeServer(folder)
    } catch {
      // Somebody else may be removing it as well. If it cannot be judged or removed at all, that is
      // no reason for a new server not to start.
    }
  }
}

function serverFolders(temporaryFolder: string): string[] {
  try {
    const names = readdirSync(temporaryFolder).filter(isFolderName)
    return names.map((name) => join(temporaryFolder, name))
  } catch {
    // Whoever needs the folder finds out, and says so better.
    return []
  }
}

function isAbandoned(folder: string): boolean {
  const owner = readOwner(folder)
  if (owner === undefined) return idleMs(folder) > ownerlessLimitMs
  // Somebody else's process numbers say nothing about who is alive there.
  if (owner.namespace !== processNamespace()) return false
  return !listProcesses().some((process) => isSame(process, owner))
}

/**
 * Ends whatever runs in a server's folder, and removes it. Nothing happens when it is gone.
 *
 * @throws {Error} when something could not be ended or removed
 */
export async function removeServer(folder: string): Promise<void> {
  await endProcesses(folder)
  removeSharedMemory(folder)
  // Tried again, because a helper of initdb's may still be writing its last file.
  const gone = await until(() => removeFolder(folder), removeLimitMs)
  if (!gone) throw new Error(`The folder ${folder} cannot be removed.`)
}

/**
 * Not Node's `rm`: as root, in a folder of somebody else's, only one that cannot be led elsewhere by
 * a link put in its way will do.
 */
function removeFolder(folder: string): boolean {
  return spawnSync('rm', ['-rf', '--', folder], { stdio: 'ignore' }).status === 0
}

/** How long a server may take to shut down before it is killed. */
const shutdownLimitMs = 3_000
/** How long killed processes may take to be gone. */
const killLimitMs = 5_000
const removeLimitMs = 1_000
const pollMs = 5

async function endProcesses(folder: string): Promise<void> {
  const recorded = readStatus(folder)?.pid
  const server = processesOf(folder).filter(({ pid }) => pid === recorded)
  // An immediate shutdown: quick, and unlike a kill it gives back what the system lent.
  for (const { pid } of server) signal(pid, 'SIGQUIT')
  await until(() => stillRunning(server).length === 0, shutdownLimitMs)

  // Looked for again each time, since a server that is being killed may just have forked.
  let left: RunningProcess[] = []
  const gone = await until(() => {
    left = [...stillRunning(left), ...processesOf(folder)]
    for (const { pid } of left) kill(pid)
    return left.length === 0
  }, killLimitMs)
  if (!gone) throw new Error(`The processes of ${folder} cannot be ended.`)
}

/** Asked of the processes themselves: on its way out, one no longer shows what it worked on. */
function stillRunning(processes: readonly RunningProcess[]): RunningProcess[] {
  if (processes.length === 0) return []
  const now = listProcesses()
  return processes.filter((process) => now.some((other) => isSame(process, other)))
}

function kill(pid: number): void {
  // First the group that it may lead, which is how initdb's helpers go with it.
  signal(-pid, 'SIGKILL')
  signal(pid, 'SIGKILL')
}

/** Waits for a condition, and says whether it came true within the limit. */
async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > deadline) return false
    await sleep(pollMs)
  }
  return true
}

function processesOf(folder: string): RunningProcess[] {
  const uid = statSync(folder, { throwIfNoEntry: false })?.uid
  if (uid === undefined) return []
  return listProcesses().filter(
    (process) => process.uid === uid && worksIn(folder, process.command),
  )
}

/**
 * Told by the command line and not by `postmaster.pid`: by now its number may be another process's.
 * A session's process shows its server's cluster name instead.
 */
function worksIn(folder: string, command: string): boolean {
  if (command.startsWith(`postgres: ${clusterName(folder)}: `)) return true
  return /\/(postgres|initdb) /.test(command) && command.includes(` -D ${inside(folder).data}`)
}

function signal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name)
  } catch {
    // It has ended, or leads no group.
  }
}

/**
 * A killed server leaves a small segment of System V shared memory, of which a system has a limited
 * number until it restarts. A server that could still end properly has removed its status file.
 */
function removeSharedMemory(folder: string): void {
  const key = readStatus(folder)?.sharedMemoryKey
  const facts = statSync(folder, { throwIfNoEntry: false })
  if (!key || !facts) return
  // Only its owner may, and root in a container is not allowed everything. It may be gone already.
  const { uid, gid } = facts
  const owner = process.getuid?.() === 0 ? { name: 'owner', uid, gid } : undefined
  spawnSync('ipcrm', ['-M', key], { ...toolOptions(owner), stdio: 'ignore' })
}
