import {
  aborted,
  defineStrategy,
  ok,
  purchase,
  rejected,
  type Purchase,
  type Reply,
  type Transaction,
} from '../../harness/index.ts'
import { insertPurchase } from './steps.ts'

/**
 * Write back what was computed, but only if the product's version is still the one that was read.
 * Whoever changes the product, restocking included, has to advance the version too.
 * Source: Kung and Robinson, "On Optimistic Methods for Concurrency Control", TODS 1981.
 */
export default defineStrategy({
  name: 'optimistic-version',
  workload: purchase,
  summary: 'Writes the stock back only if the version is unchanged, and tries again if not.',
  schema: ['ALTER TABLE product ADD COLUMN version INT NOT NULL DEFAULT 0'],
  async execute(session, command) {
    for (let attempt = 1; attempt <= session.attempts; attempt++) {
      const reply = await session.transaction((tx) => buy(tx, command))
      if (reply.kind !== 'aborted') return reply
    }
    return aborted('conflict')
  },
  handlers: {
    async restock(session, { productId, quantity }) {
      const done = await session.sql`
        UPDATE product SET stock = stock + ${quantity}, version = version + 1 WHERE id = ${productId}`
      return done.affectedRows === 0 ? rejected('no such product') : ok()
    },
  },
})

async function buy(tx: Transaction, command: Purchase): Promise<Reply> {
  const { productId, quantity } = command
  const [product] = await tx.sql<{ stock: number; version: number }>`
    SELECT stock, version FROM product WHERE id = ${productId}`
  if (!product) return rejected('no such product')
  if (product.stock < quantity) return rejected('not enough stock')
  const written = await tx.sql`
    UPDATE product SET stock = ${product.stock - quantity}, version = version + 1
    WHERE id = ${productId} AND version = ${product.version}`
  if (written.affectedRows === 0) return aborted('conflict')
  await insertPurchase(tx, command)
  return ok()
}
