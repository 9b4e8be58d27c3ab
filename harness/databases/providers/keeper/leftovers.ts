import { spawnSync } from 'node:child_process'
import { lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { engineIn, idleMs, readOwner } from './folder.ts'
import type { ServerKind } from './kind.ts'
import { kinds } from './kinds/index.ts'
import { isSame, listProcesses, processNamespace, type RunningProcess } from './processes.ts'

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
    const names = readdirSync(temporaryFolder).filter(kindIn)
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

function kindIn(folder: string): ServerKind | undefined {
  const engine = engineIn(folder)
  return engine && kinds[engine]
}

/**
 * Ends whatever runs in a server's folder, and removes it. Nothing happens when it is gone.
 *
 * @throws {Error} when something could not be ended or removed
 */
export async function removeServer(folder: string): Promise<void> {
  const kind = kindIn(folder)
  if (kind) {
    await endProcesses(kind, folder)
    kind.giveBack?.(folder)
  }
  // Tried again, because a helper of the server's may still be writing its last file.
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

async function endProcesses(kind: ServerKind, folder: string): Promise<void> {
  const end = kind.quickEnd?.(folder)
  const server = end ? processesOf(kind, folder).filter(({ pid }) => pid === end.pid) : []
  for (const { pid } of server) signal(pid, end?.signal)
  await until(() => stillRunning(server).length === 0, shutdownLimitMs)

  // Looked for again each time, since a server that is being killed may just have forked.
  let left: RunningProcess[] = []
  const gone = await until(() => {
    left = [...stillRunning(left), ...processesOf(kind, folder)]
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
  // First the group that it may lead, which is how an initialisation's helpers go with it.
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

/** Told by what they show, and not by a number in a file: by now that may be another process's. */
function processesOf(kind: ServerKind, folder: string): RunningProcess[] {
  const uid = statSync(folder, { throwIfNoEntry: false })?.uid
  if (uid === undefined) return []
  return listProcesses().filter(
    (process) => process.uid === uid && kind.isPartOf(folder, process.command),
  )
}

function signal(target: number, name?: NodeJS.Signals): void {
  try {
    process.kill(target, name)
  } catch {
    // It has ended, or leads no group.
  }
}
