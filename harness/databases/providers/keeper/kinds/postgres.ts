import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { postgresSettingsFor } from '../../settings/postgres.ts'
import type { Address } from '../address.ts'
import { inside } from '../folder.ts'
import { superuser, type ServerKind, type Site } from '../kind.ts'
import { toolOptions } from '../tool.ts'

/** Only a part of the socket's file name: every server has a folder of its own. */
const socketPort = 5432

/** PostgreSQL. */
export const postgres: ServerKind = {
  name: 'postgres',
  title: 'PostgreSQL',
  accounts: ['postgres', 'nobody'],
  socketName: `.s.PGSQL.${socketPort}`,
  programs: (server) => [server, initdbBeside(server)],
  secret: (_, password) => password,

  initialise: (site) => ({
    program: initdbBeside(site.server),
    parameters: [
      '-D',
      inside(site.folder).data,
      `--username=${superuser}`,
      `--pwfile=${inside(site.folder).secret}`,
      '--auth=scram-sha-256',
      // The same sort order and messages whatever the machine's language.
      '--encoding=UTF8',
      '--no-locale',
      // Time spent on what nobody will ever read again.
      '--no-sync',
      '--no-clean',
      ...(majorVersion(site) >= 18 ? ['--no-data-checksums'] : []),
      ...(initdbTakesSettings(site) ? settingArguments(site, '--set=') : []),
    ],
  }),

  serve: (site, address) => ({
    program: site.server,
    parameters: [
      '-D',
      inside(site.folder).data,
      `--cluster_name=${clusterName(site.folder)}`,
      ...(initdbTakesSettings(site) ? [] : settingArguments(site, '--')),
      ...listenArguments(address),
    ],
  }),

  isReady(folder, pid) {
    const status = readStatus(folder)
    return status !== undefined && status.ready && status.pid === pid
  },

  /**
   * A socket's URL has a host as well, which `pg` and libpq both pass over in favour of the `host`
   * parameter: without one, `new URL()` refuses a URL that names a user.
   */
  url(address, password) {
    const login = `postgres://${superuser}:${password}`
    if (address.folder === undefined) return `${login}@127.0.0.1:${address.port}/postgres`
    // Not URLSearchParams, which writes a space as a plus: libpq would take it for a plus.
    const host = encodeURIComponent(address.folder)
    return `${login}@localhost/postgres?host=${host}&port=${socketPort}`
  },

  isPartOf(folder, command) {
    // A session's process shows its server's cluster name instead of a command line.
    if (command.startsWith(`postgres: ${clusterName(folder)}: `)) return true
    return /\/(postgres|initdb) /.test(command) && command.includes(` -D ${inside(folder).data}`)
  },

  /** An immediate shutdown: unlike a kill it gives shared memory back. */
  quickEnd(folder) {
    const status = readStatus(folder)
    return status && { pid: status.pid, signal: 'SIGQUIT' }
  },

  giveBack: removeSharedMemory,
}

const initdbBeside = (server: string): string => join(dirname(server), 'initdb')

/** Its `--version` answers `postgres (PostgreSQL) 18.4`, and more in brackets. */
const majorVersion = ({ version }: Site): number => Number(/\) (\d+)/.exec(version)?.[1])

/** Older ones are given to the server instead, where ALTER SYSTEM cannot change them. */
const initdbTakesSettings = (site: Site): boolean => majorVersion(site) >= 16

const settingArguments = (site: Site, prefix: string): string[] =>
  Object.entries({ ...postgresSettingsFor(majorVersion(site), site), ...site.settings }).map(
    ([name, value]) => `${prefix}${name}=${value}`,
  )

function listenArguments(address: Address): string[] {
  const onSocket = address.folder !== undefined
  // The setting is a list: quoted, a folder's name may hold a comma or a space.
  const folders = onSocket ? `"${address.folder.replaceAll('"', '""')}"` : ''
  return [
    `--listen_addresses=${onSocket ? '' : '127.0.0.1'}`,
    `--unix_socket_directories=${folders}`,
    `--port=${address.port ?? socketPort}`,
  ]
}

/** The `cluster_name` of the folder's server: PostgreSQL shows it in the title of every process. */
const clusterName = (folder: string): string => basename(folder)

/** Where a server says about itself what follows. */
export const statusFile = (folder: string): string => join(inside(folder).data, 'postmaster.pid')

interface ServerStatus {
  readonly pid: number
  readonly ready: boolean
  /** The key of its System V shared memory. */
  readonly sharedMemoryKey: string | undefined
}

/** The folder's server's status, or undefined when there is none, or none any more. */
function readStatus(folder: string): ServerStatus | undefined {
  try {
    const lines = readFileSync(statusFile(folder), 'utf8').split('\n')
    const [sharedMemoryKey] = (lines[6] ?? '').trim().split(/\s+/)
    return { pid: Number(lines[0]), ready: lines[7]?.trim() === 'ready', sharedMemoryKey }
  } catch {
    return undefined
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
