import { defineStrategy, isDatabaseError, ok, purchase, rejected } from '../../harness/index.ts'
import { insertPurchase } from './steps.ts'

/**
 * Subtract without looking, and let a CHECK constraint refuse a negative stock.
 * Source: PostgreSQL manual, 5.5.1 "Check Constraints".
 */
export default defineStrategy({
  name: 'check-constraint',
  workload: purchase,
  summary: 'Subtracts, and maps the violation of CHECK (stock >= 0) to "not enough stock".',
  schema: ['ALTER TABLE product ADD CONSTRAINT stock_not_negative CHECK (stock >= 0)'],
  async execute(session, command) {
    try {
      return await session.transaction(async (tx) => {
        const sold = await tx.sql`
          UPDATE product SET stock = stock - ${command.quantity} WHERE id = ${command.productId}`
        if (sold.affectedRows === 0) return rejected('no such product')
        await insertPurchase(tx, command)
        return ok()
      })
    } catch (error) {
      if (isDatabaseError(error, 'check violation')) return rejected('not enough stock')
      throw error
    }
  },
})
