import { spawnSync } from 'node:child_process'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { endProcesses, until } from './ending.ts'
import { engineIn, idleMs, readOwner } from './folder.ts'
import type { ServerKind } from './kind.ts'
import { kinds } from './kinds/index.ts'
import { isSame, listProcesses, processNamespace } from './processes.ts'

const removeLimitMs = 1_000

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
