import { defineStrategy, redemption } from '../../harness/index.ts'
import { redeem } from './check-then-insert.ts'

/**
 * check-then-insert without a transaction: every statement commits by itself. Met wherever nobody
 * wrote BEGIN. No isolation level helps, as each covers a single statement.
 * Source: MySQL manual, "autocommit, Commit, and Rollback".
 */
export default defineStrategy({
  name: 'autocommit',
  workload: redemption,
  summary: 'Does check-then-insert without a transaction.',
  execute: (session, command) => redeem(session, command),
})
