import { existsSync, globSync, realpathSync } from 'node:fs'
import { basename, delimiter, isAbsolute, join } from 'node:path'
import type { EngineName } from '../../engine-name.ts'
import type { Account } from '../keeper/account.ts'
import { proveRunnable, type Installation } from '../keeper/installation.ts'
import type { ServerKind } from '../keeper/kind.ts'
import { findSystemTables } from '../keeper/kinds/mariadb.ts'
import { Unavailable } from '../provider.ts'

/** Where to look for a server, and how to tell that it is one. */
interface Search {
  /** Names of the server's own program, the likelier first. */
  readonly programs: readonly string[]
  /** Folders that systems leave out of PATH, as patterns. */
  readonly places: readonly string[]
  /** How `--version` answers. */
  readonly version: RegExp
  /** What is wanted, in words, and how a package of it is called. */
  readonly wanted: string
  readonly packageName: string
  /** What else it needs and does not have, if anything. */
  missing(server: string): string | undefined
}

const mysqlPlaces = [
  '/usr/sbin',
  '/usr/libexec',
  '/usr/local/sbin',
  '/usr/local/libexec',
  '/usr/local/mysql/bin',
  '/opt/homebrew/opt/m*/bin',
]

const searches: Readonly<Record<EngineName, Search>> = {
  postgres: {
    programs: ['postgres'],
    places: [
      '/usr/lib/postgresql/*/bin',
      '/usr/pgsql-*/bin',
      '/usr/local/pgsql/bin',
      '/opt/homebrew/opt/postgresql*/bin',
      '/usr/local/opt/postgresql*/bin',
    ],
    version: /^postgres \(PostgreSQL\) (?:1[3-9]|[2-9]\d)/,
    wanted: 'PostgreSQL 13 or later',
    packageName: 'postgresql',
    missing: () => undefined,
  },
  mysql: {
    programs: ['mysqld'],
    places: mysqlPlaces,
    version: /Ver (?:[89]|\d\d)\.(?!.*MariaDB)/,
    wanted: 'MySQL 8.0 or later',
    packageName: 'mysql-server-core',
    missing: () => undefined,
  },
  mariadb: {
    programs: ['mariadbd', 'mysqld'],
    places: mysqlPlaces,
    version: /Ver (?:10\.(?:[5-9]|\d\d)|1[1-9]\.).*MariaDB/,
    wanted: 'MariaDB 10.5 or later',
    packageName: 'mariadb-server-core',
    missing: (server) =>
      findSystemTables(server) === undefined
        ? 'does not have the scripts beside it that make its system tables'
        : undefined,
  },
}

/** What to look at instead of this machine, for tests. */
export interface Surroundings {
  readonly path?: string | undefined
  readonly places?: readonly string[] | undefined
}

/**
 * The first installed server that the account can run.
 *
 * @throws {Unavailable} when there is none, with what is wrong with each one found.
 */
export async function findInstallation(
  kind: ServerKind,
  account: Account | undefined,
  surroundings: Surroundings = {},
): Promise<Installation> {
  const problems: string[] = []
  for (const server of candidates(searches[kind.name], surroundings)) {
    const problem = await whyNotUsable(kind, server, account)
    if (problem === undefined) return { server }
    problems.push(`${server} ${problem}`)
  }
  const { programs, wanted, packageName } = searches[kind.name]
  throw new Unavailable(
    problems.length > 0
      ? `No ${kind.title} on this machine can be used: ${problems.join('; ')}.`
      : `There is no ${programs.join(' or ')} on PATH or in the usual places.`,
    `Install ${wanted} (on Debian ${packageName}), or put it on PATH.`,
  )
}

/** Real paths, each once: what belongs to a program is beside the file, and not beside a link to it. */
function candidates(search: Search, { path, places }: Surroundings): string[] {
  const onPath = (path ?? process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  const usual = (places ?? search.places).flatMap((place) => globSync(place).toSorted(newestFirst))
  const paths = search.programs.flatMap((name) =>
    [...onPath, ...usual].map((folder) => join(folder, name)),
  )
  return [...new Set(paths.filter((file) => existsSync(file)).map((file) => realpathSync(file)))]
}

const newestFirst = (one: string, other: string): number =>
  other.localeCompare(one, 'en', { numeric: true })

async function whyNotUsable(
  kind: ServerKind,
  server: string,
  account: Account | undefined,
): Promise<string | undefined> {
  const beside = kind.programs(server).find((program) => !existsSync(program))
  if (beside !== undefined) return `has no ${basename(beside)} beside it`
  const search = searches[kind.name]
  try {
    const version = await proveRunnable(kind, server, account)
    if (search.version.test(version)) return search.missing(server)
    return `says that it is "${firstLine(version)}" and not ${search.wanted}`
  } catch (error) {
    return `cannot be run${account ? ` by ${account.name}` : ''}: ${firstLine((error as Error).message)}`
  }
}

const firstLine = (text: string): string => text.trim().split('\n').slice(0, 2).join(' ')
