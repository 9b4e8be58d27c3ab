import { defineStrategy, ok, purchase } from '../../harness/index.ts'
import { insertPurchase, refusal } from './steps.ts'

/**
 * Check and subtract in one statement; the number of affected rows tells whether there was enough.
 * Source: PostgreSQL manual, 13.2.1 "Read Committed Isolation Level": an UPDATE that had to wait
 * looks at its condition again.
 */
export default defineStrategy({
  name: 'conditional-update',
  workload: purchase,
  summary: 'Subtracts WHERE stock >= quantity, and looks at the number of affected rows.',
  execute: (session, command) =>
    session.transaction(async (tx) => {
      const { productId, quantity } = command
      const sold = await tx.sql`
        UPDATE product SET stock = stock - ${quantity}
        WHERE id = ${productId} AND stock >= ${quantity}`
      if (sold.affectedRows === 0) return refusal(tx, command)
      await insertPurchase(tx, command)
      return ok()
    }),
})
