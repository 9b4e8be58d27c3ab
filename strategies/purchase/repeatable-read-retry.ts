import { defineStrategy, purchase } from '../../harness/index.ts'
import { withRetry } from '../retry.ts'
import { buy } from './read-modify-write.ts'

/**
 * read-modify-write at repeatable read, retried as a whole. On PostgreSQL that is snapshot isolation:
 * the second of two updates of one row is refused ("first updater wins"), and its retry reads anew.
 * What other engines call repeatable read refuses nothing: MySQL's UPDATE writes over the newer row,
 * and so does MariaDB's unless `innodb_snapshot_isolation` is on, as it is from 11.6.2 on.
 * Source: PostgreSQL manual, 13.2.2 "Repeatable Read Isolation Level"; Berenson et al., "A Critique of
 * ANSI SQL Isolation Levels", SIGMOD 1995.
 */
export default defineStrategy({
  name: 'repeatable-read-retry',
  workload: purchase,
  summary: 'Does read-modify-write at repeatable read, and retries it as a whole.',
  execute: (session, command) =>
    withRetry(session, () =>
      session.transaction((tx) => buy(tx, command), { isolation: 'repeatable-read' }),
    ),
})
