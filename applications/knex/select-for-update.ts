import { defineApplication, ok, purchase, rejected } from '../../harness/index.ts'
import { connect, type Product } from './database.ts'

/**
 * The second buyer waits for the lock, and reads what the first one has left.
 */
export default defineApplication({
  name: 'knex-select-for-update',
  workload: purchase,
  summary: 'Knex: locks the product, then writes back what it computed from its stock.',
  actors: 'own',
  start: connect,
  stop: (db) => db.destroy(),
  execute: (db, { userId, productId, quantity }) =>
    db.transaction(async (trx) => {
      const product = await trx<Product>('product').where({ id: productId }).forUpdate().first()
      if (!product) return rejected('no such product')
      if (product.stock < quantity) return rejected('not enough stock')
      await trx('product')
        .where({ id: productId })
        .update({ stock: product.stock - quantity })
      await trx('purchase').insert({ user_id: userId, product_id: productId, quantity })
      return ok()
    }),
})
