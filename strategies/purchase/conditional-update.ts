import { defineStrategy, ok, purchase, rejected } from '../../harness/index.ts'

/**
 * Check and subtract in one statement; the number of affected rows tells whether there was enough.
 * Source: PostgreSQL manual, 13.2.1 "Read Committed Isolation Level": an UPDATE that had to wait
 * looks at its condition again.
 */
export default defineStrategy({
  name: 'conditional-update',
  workload: purchase,
  summary: 'Subtracts WHERE stock >= quantity, and looks at the number of affected rows.',
  async execute(session, { userId, productId, quantity }) {
    return session.transaction(async (tx) => {
      const sold = await tx.sql`
        UPDATE product SET stock = stock - ${quantity}
        WHERE id = ${productId} AND stock >= ${quantity}`
      if (sold.affectedRows === 0) return rejected('not enough stock')
      await tx.sql`
        INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, ${quantity})`
      return ok()
    })
  },
})
