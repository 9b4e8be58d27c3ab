import type { EngineName } from '../databases/engine-name.ts'
import type { Lane } from '../databases/engine.ts'

/** A kind of database as transactions see it: an engine, and for MariaDB how it takes snapshots. */
export const platforms = [
  'postgres',
  'mysql',
  'mariadb',
  'mariadb with snapshot isolation',
] as const

/** An engine together with the settings that what it lets through depends on: see {@link platforms}. */
export type Platform = (typeof platforms)[number]

interface PlatformSetting {
  readonly engine: EngineName
  readonly snapshotIsolation?: boolean
}

/** The default of MariaDB has changed from one version to another, so it is always said. */
export const platformSettings: Readonly<Record<Platform, PlatformSetting>> = {
  postgres: { engine: 'postgres' },
  mysql: { engine: 'mysql' },
  mariadb: { engine: 'mariadb', snapshotIsolation: false },
  'mariadb with snapshot isolation': { engine: 'mariadb', snapshotIsolation: true },
}

export const platformOf = ({
  engine,
  snapshotIsolation,
}: Pick<Lane, 'engine' | 'snapshotIsolation'>): Platform =>
  snapshotIsolation ? 'mariadb with snapshot isolation' : engine.name
