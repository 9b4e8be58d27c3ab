import { defineStrategy, ok, purchase, rejected } from '../../harness/index.ts'
import { withRetry } from '../retry.ts'
import { findProduct, insertPurchase, setStock, type Product } from './steps.ts'

/**
 * serializable-retry, but the second attempt goes on with what the first one read. The refused
 * transaction is gone, and with it the database's knowledge that anything was read: the retry has no
 * conflict to be refused for, and overwrites the change that the first attempt was refused for. Met
 * where the retry is put around the write only, or around code that keeps loaded entities.
 * Source: PostgreSQL manual, 13.5 "Serialization Failure Handling", on retrying "the complete
 * transaction, including all logic that decides which SQL to issue".
 */
export default defineStrategy({
  name: 'stale-retry',
  workload: purchase,
  summary: 'Retries at serializable, with the stock that the first attempt has read.',
  async execute(session, command) {
    const { productId, quantity } = command
    let product: Product | undefined
    return withRetry(session, () =>
      session.transaction(
        async (tx) => {
          product ??= await findProduct(tx, productId)
          if (!product) return rejected('no such product')
          if (product.stock < quantity) return rejected('not enough stock')
          await setStock(tx, productId, product.stock - quantity)
          await insertPurchase(tx, command)
          return ok()
        },
        { isolation: 'serializable' },
      ),
    )
  },
})
