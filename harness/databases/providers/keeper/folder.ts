import { spawnSync } from 'node:child_process'
import {
  chownSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { engineNames, type EngineName } from '../../engine-name.ts'
import type { Account } from './account.ts'
import type { ServerKind } from './kind.ts'
import { processNamespace, startedAt } from './processes.ts'
import { toolOptions } from './tool.ts'

const prefixOf = (engine: EngineName): string => `lockstep-${engine}-`

/** As long as the name of any folder that `createFolder` makes. */
export const newFolderPattern = (kind: ServerKind): string => `${prefixOf(kind.name)}XXXXXX`

/** What a server in a folder of that name is of, or undefined where it is no server's folder. */
export const engineIn = (folder: string): EngineName | undefined =>
  engineNames.find((engine) => basename(folder).startsWith(prefixOf(engine)))

/** What is where in a server's folder, which itself holds the socket. */
export const inside = (folder: string) => ({
  owner: join(folder, 'owner.json'),
  data: join(folder, 'data'),
  log: join(folder, 'server.log'),
  secret: join(folder, 'secret'),
  programs: join(folder, 'native'),
})

/** The keeper's process, in such a way that another one with its number is not taken for it. */
export interface Owner {
  readonly pid: number
  readonly startedAt: string | undefined
  readonly namespace: string | undefined
}

/**
 * Makes a private folder for one server, with this process as its recorded owner.
 *
 * @throws {Error} when the temporary folder does not allow that
 */
export function createFolder(kind: ServerKind, temporaryFolder: string): string {
  let folder: string | undefined
  try {
    folder = mkdtempSync(join(temporaryFolder, prefixOf(kind.name)))
    recordOwner(folder)
    return folder
  } catch (error) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    throw new Error(
      `${kind.title} needs a folder in ${temporaryFolder} (TMPDIR), which cannot be made: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

function recordOwner(folder: string): void {
  const { pid } = process
  const owner: Owner = { pid, startedAt: startedAt(pid), namespace: processNamespace() }
  const { owner: path } = inside(folder)
  // Renamed into place, so that nobody ever reads half of it. The account that root gives the folder
  // to may start servers itself, and has to see that this one is kept.
  writeFileSync(`${path}.new`, JSON.stringify(owner), { mode: 0o644 })
  renameSync(`${path}.new`, path)
}

/**
 * Gives a folder to the account that the server runs as. Root must have written all it has to write
 * there before: from then on the account could put a link in its way.
 *
 * @throws {Error} when the account cannot reach it
 */
export function handOver(kind: ServerKind, folder: string, account: Account): void {
  chownSync(folder, account.uid, account.gid)
  const { status, error } = spawnSync('test', ['-w', folder], toolOptions(account))
  if (error) throw new Error(`Nothing can be run as ${account.name} here: ${error.message}`)
  if (status === 0) return
  throw new Error(
    `${kind.title} is to run as ${account.name}, who cannot reach the folder ${dirname(folder)} (TMPDIR).`,
  )
}

/**
 * The recorded owner, or undefined while (or if ever) there is no record.
 *
 * @throws {Error} when there is one that cannot be read, which says nothing about its owner
 */
export function readOwner(folder: string): Owner | undefined {
  const { owner } = inside(folder)
  if (lstatSync(owner, { throwIfNoEntry: false }) === undefined) return undefined
  return JSON.parse(readFileSync(owner, 'utf8')) as Owner
}

/** Milliseconds since something was last put into the folder or taken out of it. */
export const idleMs = (folder: string): number => Date.now() - statSync(folder).mtimeMs
