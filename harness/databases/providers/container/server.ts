import type { EngineName } from '../../engine-name.ts'
import { mariadbArguments } from '../settings/mariadb.ts'
import { mysqlArguments, type Durability } from '../settings/mysql.ts'
import { postgresSettingsFor } from '../settings/postgres.ts'

/** How an engine's server is run in a container of its official image, or of one that is like it. */
export interface ServerInContainer {
  readonly port: number
  /** Whether it is several processes, which come from the first and notice each other's end. */
  readonly hasChildren: boolean
  /** Kept in memory, unless it is to be durable: it is thrown away, and no disk is as fast. */
  readonly dataFolder: string
  /** The variable that holds the superuser's password. */
  readonly passwordVariable: string
  readonly environment: Readonly<Record<string, string>>
  readonly command: (image: string, durability: Durability) => readonly string[]
  readonly url: (address: string, password: string) => string
}

export const servers = {
  postgres: {
    port: 5432,
    hasChildren: true,
    // A folder of no image's own: where an image keeps its data changed with version 18.
    dataFolder: '/lockstep',
    passwordVariable: 'POSTGRES_PASSWORD',
    environment: {
      PGDATA: '/lockstep/data',
      POSTGRES_USER: 'lockstep',
      POSTGRES_DB: 'postgres',
      // The same sort order whatever the image's language.
      POSTGRES_INITDB_ARGS: '--no-sync --encoding=UTF8 --no-locale',
    },
    command: (image, durability) => [
      'postgres',
      ...Object.entries(postgresSettingsFor(majorVersion(image), durability)).flatMap(
        ([name, value]) => ['-c', `${name}=${value}`],
      ),
    ],
    url: (address, password) => `postgres://lockstep:${password}@${address}/postgres`,
  },
  mysql: {
    port: 3306,
    hasChildren: false,
    dataFolder: '/var/lib/mysql',
    passwordVariable: 'MYSQL_ROOT_PASSWORD',
    environment: {},
    command: (_, durability) => ['mysqld', ...mysqlArguments(durability)],
    url: (address, password) => `mysql://root:${password}@${address}`,
  },
  mariadb: {
    port: 3306,
    hasChildren: false,
    dataFolder: '/var/lib/mysql',
    passwordVariable: 'MARIADB_ROOT_PASSWORD',
    environment: {},
    command: (_, durability) => ['mariadbd', ...mariadbArguments(durability)],
    url: (address, password) => `mariadb://root:${password}@${address}`,
  },
} as const satisfies Record<EngineName, ServerInContainer>

/** As far as the tag tells it; a setting that an unknown version might refuse is left out. */
const majorVersion = (image: string): number => Number(/:(\d+)[^/]*$/.exec(image)?.[1] ?? 0)
