import {
  aborted,
  defineStrategy,
  isDatabaseError,
  ok,
  purchase,
  rejected,
  type Bought,
  type Reply,
  type Transaction,
} from '../../harness/index.ts'
import { insertPurchase, setStock, type Product } from './steps.ts'

/**
 * Lock the product's row or fail at once, and try again a little later, so that no request sits on a
 * connection while it waits. Nobody queues: who tries again may be overtaken, and give up.
 * Source: PostgreSQL manual, "SELECT", NOWAIT; MySQL manual, "Locking Read Concurrency with NOWAIT and
 * SKIP LOCKED".
 */
export default defineStrategy({
  name: 'select-for-update-nowait',
  workload: purchase,
  summary: "Locks the product's row with NOWAIT, and tries again when it is taken.",
  async execute(session, command) {
    for (let attempt = 1; attempt <= session.attempts; attempt++) {
      try {
        return await session.transaction((tx) => buy(tx, command))
      } catch (error) {
        if (!isDatabaseError(error, 'lock timeout')) throw error
      }
      if (attempt < session.attempts) await session.sleep(10 * attempt)
    }
    return aborted('lock timeout')
  },
})

async function buy(tx: Transaction, bought: Bought): Promise<Reply> {
  const { productId, quantity } = bought
  const [product] = await tx.sql<Product>`
    SELECT stock FROM product WHERE id = ${productId} FOR UPDATE NOWAIT`
  if (!product) return rejected('no such product')
  if (product.stock < quantity) return rejected('not enough stock')
  await setStock(tx, productId, product.stock - quantity)
  await insertPurchase(tx, bought)
  return ok()
}
