/** The four levels of the SQL standard, weakest first. */
export const isolationLevels = [
  'read-uncommitted',
  'read-committed',
  'repeatable-read',
  'serializable',
] as const

export type IsolationLevel = (typeof isolationLevels)[number]

/** As SQL writes it: `READ COMMITTED`. */
export function isolationSql(level: IsolationLevel): string {
  return level.replace('-', ' ').toUpperCase()
}
