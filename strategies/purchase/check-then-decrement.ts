import {
  defineStrategy,
  ok,
  purchase,
  rejected,
  type Bought,
  type Reply,
  type Transaction,
} from '../../harness/index.ts'

/**
 * Look whether there is enough, and subtract in the database. No update is lost, but the stock may
 * have been sold between the look and the subtraction.
 */
export default defineStrategy({
  name: 'check-then-decrement',
  workload: purchase,
  summary: 'Reads the stock, checks it, and subtracts in the UPDATE.',
  execute: (session, command) => session.transaction((tx) => buy(tx, command)),
})

export async function buy(
  tx: Transaction,
  { userId, productId, quantity }: Bought,
): Promise<Reply> {
  const [product] = await tx.sql<{ stock: number }>`
    SELECT stock FROM product WHERE id = ${productId}`
  if (!product) return rejected('no such product')
  if (product.stock < quantity) return rejected('not enough stock')
  await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
  await tx.sql`
    INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, ${quantity})`
  return ok()
}
