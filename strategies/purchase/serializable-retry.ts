import { defineStrategy, purchase } from '../../harness/index.ts'
import { withRetry } from '../retry.ts'
import { buy } from './read-modify-write.ts'

/**
 * read-modify-write as it is, at the isolation level that makes it right on every engine, and tried
 * anew, from its first read on, when the database refuses.
 * Source: Ports and Grittner, "Serializable Snapshot Isolation in PostgreSQL", VLDB 2012; PostgreSQL
 * manual, 13.5 "Serialization Failure Handling".
 */
export default defineStrategy({
  name: 'serializable-retry',
  workload: purchase,
  summary: 'Does read-modify-write at serializable, and retries it as a whole.',
  execute: (session, command) =>
    withRetry(session, () =>
      session.transaction((tx) => buy(tx, command), { isolation: 'serializable' }),
    ),
})
