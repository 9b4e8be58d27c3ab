import {
  describeIsolation,
  engines,
  isolationLevels,
  type EngineName,
  type IsolationLevel,
  type IsolationSetting,
} from '../harness/index.ts'

/** A kind of database as strategies see it: an engine, and for MariaDB how it takes snapshots. */
export const platforms = [
  'postgres',
  'mysql',
  'mariadb',
  'mariadb with snapshot isolation',
] as const

export type Platform = (typeof platforms)[number]

/** Where a strategy runs: everything that what becomes of it may depend on. */
export interface Cell {
  readonly platform: Platform
  readonly engine: EngineName
  readonly isolation: IsolationLevel
  readonly snapshotIsolation?: boolean
}

const engineOf = {
  postgres: { engine: 'postgres' },
  mysql: { engine: 'mysql' },
  // The default of MariaDB has changed from one version to another, so it is always said.
  mariadb: { engine: 'mariadb', snapshotIsolation: false },
  'mariadb with snapshot isolation': { engine: 'mariadb', snapshotIsolation: true },
} as const satisfies Record<Platform, Pick<Cell, 'engine' | 'snapshotIsolation'>>

/** The cells of a platform, one for each isolation level. */
export const cellsOf = (platform: Platform): readonly Cell[] =>
  isolationLevels.map((isolation) => ({ platform, isolation, ...engineOf[platform] }))

/** As titles name it: `MySQL at repeatable-read`. */
export function describeCell(cell: Cell): string {
  const engine = engines.find(({ name }) => name === cell.engine)
  const setting: IsolationSetting = cell
  return `${engine?.title ?? cell.engine} at ${describeIsolation(setting)}`
}
