import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mariadbArguments } from '../../settings/mariadb.ts'
import type { ServerKind, Site } from '../kind.ts'
import { createSuperuser, dataArguments, innodbServer, listenArguments } from './innodb-server.ts'

/**
 * MariaDB. Its data is made as `mariadb-install-db` makes it, without what takes the time there: the
 * texts of HELP, the `sys` schema and the users.
 */
export const mariadb: ServerKind = {
  ...innodbServer('mariadb'),
  title: 'MariaDB',

  secret: (server, password) =>
    [
      'CREATE DATABASE mysql;\nUSE mysql;\n',
      // A variable of the scripts': root is not to log in by its account's name.
      'SET @auth_root_socket = NULL;\n',
      ...(findSystemTables(server) ?? []).map((file) => readFileSync(file, 'utf8')),
      // Until then there are no privileges.
      'FLUSH PRIVILEGES;\n',
      createSuperuser(password),
    ].join(''),

  initialise: (site) => ({
    program: site.server,
    parameters: [...dataArguments(site, settings(site)), '--bootstrap'],
    readsSecret: true,
  }),

  serve: (site, address) => ({
    program: site.server,
    parameters: [...dataArguments(site, settings(site)), ...listenArguments(address)],
  }),
}

const settings = ({ durable }: Site): string[] => [
  ...mariadbArguments({ durable }),
  '--aria-log-file-size=8M',
  '--aria-pagecache-buffer-size=8M',
]

/** The scripts that make the system tables, of the server at that path, or undefined if they are missing. */
export function findSystemTables(server: string): readonly string[] | undefined {
  const root = dirname(dirname(server))
  const folders = ['share/mysql', 'share/mariadb', 'share'].map((folder) => join(root, folder))
  return folders
    .flatMap((folder) => ['mariadb', 'mysql'].map((name) => join(folder, name)))
    .map((path) => [`${path}_system_tables.sql`, `${path}_performance_tables.sql`])
    .find((files) => files.every((file) => existsSync(file)))
}
