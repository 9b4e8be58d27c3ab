import type { Spec } from './spec.ts'

/**
 * Whether a specification speaks of nothing but rows of its own tables, so that its permutations can be
 * run side by side, each in a schema of its own, and none of them can tell: it makes its tables in a
 * setup and removes them in the teardown, uses statements on rows, and names nothing that belongs to the
 * whole server, outlives a permutation or depends on the clock.
 *
 * This reads words and not SQL, so it says no to much that would do no harm.
 *
 * SERIALIZABLE is left out on purpose. Whether two transactions overlap is found out there by the oldest
 * transaction that runs anywhere on the server, so others can make one fail that would not fail alone.
 * Source: PostgreSQL, `CheckTargetForConflictsIn` in predicate.c, and `GetSnapshotData` in procarray.c.
 */
export function isConfined({ setups, teardown, sessions }: Spec): boolean {
  const once = [...setups, ...(teardown === undefined ? [] : [teardown])]
  const ofSessions = sessions.flatMap((session) => [
    ...[session.setup, session.teardown].filter((text) => text !== undefined),
    ...session.steps.map(({ sql }) => sql),
  ])
  return (
    [...once, ...ofSessions].every((text) => !further.test(text)) &&
    [...once, ...ofSessions].flatMap(statementsOf).every(isWhole) &&
    once.every((text) => statementsOf(text).every((each) => onTables.test(each))) &&
    ofSessions.every((text) => statementsOf(text).every((each) => onRows.test(each)))
  )
}

/** What a statement on rows begins with. A setting is for its transaction only. */
const onRows =
  /^(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|select|insert|update|delete|merge|values|with|lock|set\s+(local|transaction))\b/i

/** What may stand in a setup or teardown that is run once for all sessions. */
const onTables =
  /^(create\s+(unlogged\s+)?table|create\s+(unique\s+)?index|drop\s+table|insert|update|delete)\b/i

/** Words of what is not in a table, or of what does not end with a permutation. */
const words = String.raw`
  pg_\w+ serializable deferrable concurrently prepared chain
  role user database catalog schema public tablespace information_schema
  temp temporary session sequence nextval setval currval lastval reset
  now random setseed oid tableoid ctid xmin xmax cmin cmax timeofday
  current_\w+ session_\w+ txid\w* reg\w+ to_reg\w+ lo_\w+ \w+_timestamp`
  .trim()
  .split(/\s+/)

const further = new RegExp(
  String.raw`\b(${words.join('|')})\b|_timeout|\bif\s+(not\s+)?exists\b|^\s*(select|with)\b[^;]*\binto\b|set_config|current_setting|\$\w*\$|--|/\*|uuid|dblink|inet_`,
  'im',
)

/** Whether no string ends beyond the statement: it would have a semicolon in it. */
const isWhole = (statement: string): boolean => statement.split("'").length % 2 === 1

/** The statements of a text, as far as no semicolon stands in one. */
export const statementsOf = (text: string): string[] =>
  text
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
