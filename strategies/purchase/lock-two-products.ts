import { defineStrategy, purchase } from '../../harness/index.ts'
import { companionOf } from './companion.ts'
import { buy } from './select-for-update.ts'
import { lockProduct } from './steps.ts'

/**
 * Lock the product that is bought, then the one that goes with it, as the lines of a basket are locked
 * in the order in which they were put there. Two buyers who come from opposite ends each hold what the
 * other one needs, and one of them is a deadlock's victim: safe, and nobody retries it.
 * Source: PostgreSQL manual, 13.3.4 "Deadlocks"; Coffman, Elphick and Shoshani, "System Deadlocks",
 * ACM Computing Surveys 1971.
 */
export default defineStrategy({
  name: 'lock-two-products',
  workload: purchase,
  summary: 'Locks the product that is bought, then its companion.',
  execute: (session, command) =>
    session.transaction(async (tx) => {
      const { productId } = command
      for (const id of [productId, companionOf(productId)]) await lockProduct(tx, id)
      return buy(tx, command)
    }),
})
