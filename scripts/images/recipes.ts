/** How to make one image out of Debian packages. */
export interface Recipe {
  /** Name and tag after `lockstep/`. */
  readonly name: string
  /** Debian release that has the version. */
  readonly suite: string
  readonly packages: readonly string[]
  /** Runs inside the image when it is made. A file of this folder. */
  readonly prepare: string
  /** Starts the server in a container. A file of this folder. */
  readonly entrypoint: string
  readonly command: string
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
}

const mysql = {
  name: 'mysql:9',
  suite: 'sid',
  packages: ['mysql-server-core', 'mysql-client-core'],
  prepare: 'mysql-prepare.sh',
  entrypoint: 'mysql-entrypoint.sh',
  command: 'mysqld',
  port: 3306,
  environment: {},
} as const satisfies Recipe

const mariadb = {
  ...mysql,
  packages: ['mariadb-server-core', 'mariadb-client-core'],
  prepare: 'mariadb-prepare.sh',
  command: 'mariadbd',
} as const satisfies Omit<Recipe, 'name' | 'suite'>

/** The version is the suite's: a release of Debian has one PostgreSQL. */
const postgres = (version: string, suite: string): Recipe => ({
  name: `postgres:${version}`,
  suite,
  packages: [`postgresql-${version}`, `postgresql-client-${version}`],
  prepare: 'postgres-prepare.sh',
  entrypoint: 'postgres-entrypoint.sh',
  command: 'postgres',
  port: 5432,
  environment: {
    PGDATA: '/var/lib/postgresql/data',
    PATH: `/usr/lib/postgresql/${version}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  },
})

export const recipes: readonly Recipe[] = [
  mysql,
  { ...mariadb, name: 'mariadb:11.8', suite: 'trixie' },
  { ...mariadb, name: 'mariadb:10.11', suite: 'bookworm' },
  postgres('17', 'trixie'),
  postgres('15', 'bookworm'),
]
