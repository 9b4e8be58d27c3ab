import { defineStrategy, ok, purchase, rejected } from '../../harness/index.ts'

/**
 * Read the stock, compute what is left, and write that back, as an ORM's `save()` does. Two buyers
 * who read the same stock overwrite each other: the lost update (P4 in Berenson et al., "A Critique of
 * ANSI SQL Isolation Levels", SIGMOD 1995). Stock never shows as negative, and is wrong.
 */
export default defineStrategy({
  name: 'read-modify-write',
  workload: purchase,
  summary: 'Reads the stock and writes back what it computed from it.',
  async execute(session, { userId, productId, quantity }) {
    return session.transaction(async (tx) => {
      const [product] = await tx.sql<{ stock: number }>`
        SELECT stock FROM product WHERE id = ${productId}`
      if (!product) return rejected('no such product')
      if (product.stock < quantity) return rejected('not enough stock')
      await tx.sql`UPDATE product SET stock = ${product.stock - quantity} WHERE id = ${productId}`
      await tx.sql`
        INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, ${quantity})`
      return ok()
    })
  },
})
