import { defineStrategy, redemption } from '../../harness/index.ts'
import { withRetry } from '../retry.ts'
import { redeem } from './check-then-insert.ts'

/**
 * check-then-insert as it is, at the isolation level that makes it right, and tried anew, from its
 * first read on, when the database refuses. PostgreSQL lets everybody read and refuses who comes last
 * with a serialization failure; InnoDB has every read take a share lock, and ends in deadlocks.
 * Source: Ports and Grittner, "Serializable Snapshot Isolation in PostgreSQL", VLDB 2012; PostgreSQL
 * manual, 13.5 "Serialization Failure Handling".
 */
export default defineStrategy({
  name: 'serializable-retry',
  workload: redemption,
  summary: 'Does check-then-insert at serializable, and retries it as a whole.',
  execute: (session, command) =>
    withRetry(session, () =>
      session.transaction((tx) => redeem(tx, command), { isolation: 'serializable' }),
    ),
})
