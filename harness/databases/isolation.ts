/** The four levels of the SQL standard, weakest first. */
export const isolationLevels = [
  'read-uncommitted',
  'read-committed',
  'repeatable-read',
  'serializable',
] as const

/** One of the four levels: see {@link isolationLevels}. */
export type IsolationLevel = (typeof isolationLevels)[number]

/** How much of other transactions a transaction can see: a level, and MariaDB's switch beside it. */
export interface IsolationSetting {
  readonly isolation: IsolationLevel
  /** MariaDB's innodb_snapshot_isolation; undefined where there is no such thing. */
  readonly snapshotIsolation?: boolean | undefined
}

/** As reports name it: `repeatable-read`, `repeatable-read with snapshot isolation off`. */
export function describeIsolation({ isolation, snapshotIsolation }: IsolationSetting): string {
  if (snapshotIsolation === undefined) return isolation
  return `${isolation} with snapshot isolation ${snapshotIsolation ? 'on' : 'off'}`
}

/** As SQL writes it: `READ COMMITTED`. */
export function isolationSql(level: IsolationLevel): string {
  return level.replace('-', ' ').toUpperCase()
}

/** The setting alone, where more is known: left out rather than undefined, where there is no such thing. */
export const isolationOf = ({ isolation, snapshotIsolation }: IsolationSetting) => ({
  isolation,
  ...(snapshotIsolation !== undefined && { snapshotIsolation }),
})
