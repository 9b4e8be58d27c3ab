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
import type { Account } from './account.ts'
import { processNamespace, startedAt } from './processes.ts'
import { toolOptions } from './tool.ts'

const prefix = 'lockstep-postgres-'

/** As long as the name of any folder that `createFolder` makes. */
export const newFolderPattern = `${prefix}XXXXXX`

export const isFolderName = (name: string): boolean => name.startsWith(prefix)

/** What is where in a server's folder, which itself holds the socket. */
export const inside = (folder: string) => ({
  owner: join(folder, 'owner.json'),
  data: join(folder, 'data'),
  status: join(folder, 'data', 'postmaster.pid'),
  log: join(folder, 'server.log'),
  password: join(folder, 'password'),
  binaries: join(folder, 'native'),
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
export function createFolder(temporaryFolder: string): string {
  let folder: string | undefined
  try {
    folder = mkdtempSync(join(temporaryFolder, prefix))
    recordOwner(folder)
    return folder
  } catch (error) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    throw new Error(
      `PostgreSQL needs a folder in ${temporaryFolder} (TMPDIR), which cannot be made: ${(error as Error).message}`,
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
 * Gives a folder to the account that PostgreSQL runs as. Root must have written all it has to write
 * there before: from then on the account could put a link in its way.
 *
 * @throws {Error} when the account cannot reach it
 */
export function handOver(folder: string, account: Account): void {
  chownSync(folder, account.uid, account.gid)
  const { status, error } = spawnSync('test', ['-w', folder], toolOptions(account))
  if (error) throw new Error(`Nothing can be run as ${account.name} here: ${error.message}`)
  if (status === 0) return
  throw new Error(
    `PostgreSQL is to run as ${account.name}, who cannot reach the folder ${dirname(folder)} (TMPDIR).`,
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

/** The `cluster_name` of the folder's server: PostgreSQL shows it in the title of every process. */
export const clusterName = (folder: string): string => basename(folder)

/** What a server says about itself in `postmaster.pid`. */
export interface ServerStatus {
  readonly pid: number
  readonly ready: boolean
  /** The key of its System V shared memory. */
  readonly sharedMemoryKey: string | undefined
}

/** The folder's server's status, or undefined when there is none, or none any more. */
export function readStatus(folder: string): ServerStatus | undefined {
  try {
    const lines = readFileSync(inside(folder).status, 'utf8').split('\n')
    const [sharedMemoryKey] = (lines[6] ?? '').trim().split(/\s+/)
    return { pid: Number(lines[0]), ready: lines[7]?.trim() === 'ready', sharedMemoryKey }
  } catch {
    return undefined
  }
}

/** Milliseconds since something was last put into the folder or taken out of it. */
export const idleMs = (folder: string): number => Date.now() - statSync(folder).mtimeMs
