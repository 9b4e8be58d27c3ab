import { defineStrategy, purchase } from '../../harness/index.ts'
import { buy } from './select-for-update.ts'

/**
 * select-for-update, but nobody said BEGIN: the SELECT is a transaction of its own, which takes the
 * lock and lets go of it before the answer arrives. It looks the same in the code, and the database
 * does not complain. Met as a query builder's `forUpdate()` that was not given the transaction.
 * Source: MySQL manual, "Locking Reads": they are only possible when autocommit is disabled.
 */
export default defineStrategy({
  name: 'missing-transaction',
  workload: purchase,
  summary: "Locks the product's row, but outside a transaction.",
  execute: (session, command) => buy(session, command),
})
