import { eq } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { product, purchase } from './tables.ts'

export interface Order {
  readonly userId: number
  readonly productId: number
  readonly quantity: number
}

export type Bought = 'bought' | 'no such product' | 'not enough stock'

/** Takes what was ordered from the stock, and writes the purchase down. */
export function buy(
  db: NodePgDatabase,
  { userId, productId, quantity }: Order,
  { lock }: { readonly lock: boolean },
): Promise<Bought> {
  return db.transaction(async (tx) => {
    const query = tx.select().from(product).where(eq(product.id, productId))
    const [found] = await (lock ? query.for('update') : query)
    if (!found) return 'no such product'
    if (found.stock < quantity) return 'not enough stock'
    await tx
      .update(product)
      .set({ stock: found.stock - quantity })
      .where(eq(product.id, productId))
    await tx.insert(purchase).values({ userId, productId, quantity })
    return 'bought'
  })
}
