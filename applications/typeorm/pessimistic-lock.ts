import { defineApplication, ok, purchase, rejected } from '../../harness/index.ts'
import { connect, Product, Purchase, schema } from './data-source.ts'

/**
 * The second buyer waits for the lock, and reads what the first one has left.
 */
export default defineApplication({
  name: 'typeorm-pessimistic-lock',
  workload: purchase,
  summary: 'TypeORM: locks the product, then saves it.',
  schema,
  actors: 'own',
  start: connect,
  stop: (source) => source.destroy(),
  execute: (source, { userId, productId, quantity }) =>
    source.transaction(async (manager) => {
      const product = await manager.findOne(Product, {
        where: { id: productId },
        lock: { mode: 'pessimistic_write' },
      })
      if (!product) return rejected('no such product')
      if (product.stock < quantity) return rejected('not enough stock')
      product.stock -= quantity
      await manager.save(Product, product)
      await manager.insert(Purchase, { userId, productId, quantity })
      return ok()
    }),
})
