import { defineApplication, ok, purchase, rejected } from '../../harness/index.ts'
import { connect, type Product } from './database.ts'

/**
 * `db` where it has to be `trx`: the product is read on another connection of the pool, where it is locked for
 * no longer than the statement takes. It looks like the safe one, and is none.
 */
export default defineApplication({
  name: 'knex-forgotten-transaction',
  workload: purchase,
  summary: 'Knex: locks the product, but on another connection than its transaction.',
  actors: 'own',
  start: connect,
  stop: (db) => db.destroy(),
  execute: (db, { userId, productId, quantity }) =>
    db.transaction(async (trx) => {
      const product = await db<Product>('product').where({ id: productId }).forUpdate().first()
      if (!product) return rejected('no such product')
      if (product.stock < quantity) return rejected('not enough stock')
      await trx('product')
        .where({ id: productId })
        .update({ stock: product.stock - quantity })
      await trx('purchase').insert({ user_id: userId, product_id: productId, quantity })
      return ok()
    }),
})
