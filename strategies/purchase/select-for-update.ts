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
 * Lock the product's row while reading it, so that it cannot change before it is written back.
 * Source: PostgreSQL manual, 13.3.2 "Row-Level Locks".
 */
export default defineStrategy({
  name: 'select-for-update',
  workload: purchase,
  summary: "Locks the product's row before reading its stock.",
  execute: (session, command) => session.transaction((tx) => buy(tx, command)),
})

export async function buy(
  tx: Transaction,
  { userId, productId, quantity }: Bought,
): Promise<Reply> {
  const [product] = await tx.sql<{ stock: number }>`
    SELECT stock FROM product WHERE id = ${productId} FOR UPDATE`
  if (!product) return rejected('no such product')
  if (product.stock < quantity) return rejected('not enough stock')
  await tx.sql`UPDATE product SET stock = ${product.stock - quantity} WHERE id = ${productId}`
  await tx.sql`
    INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, ${quantity})`
  return ok()
}
