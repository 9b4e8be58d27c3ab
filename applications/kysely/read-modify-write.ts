import { defineApplication, ok, purchase, rejected } from '../../harness/index.ts'
import { connect } from './database.ts'

/** Two buyers who read the same stock overwrite each other: the lost update. */
export default defineApplication({
  name: 'kysely-read-modify-write',
  workload: purchase,
  summary: 'Kysely: reads the stock and writes back what it computed from it.',
  start: connect,
  stop: (db) => db.destroy(),
  execute: (db, { userId, productId, quantity }) =>
    db.transaction().execute(async (trx) => {
      const product = await trx
        .selectFrom('product')
        .select('stock')
        .where('id', '=', productId)
        .executeTakeFirst()
      if (!product) return rejected('no such product')
      if (product.stock < quantity) return rejected('not enough stock')
      await trx
        .updateTable('product')
        .set({ stock: product.stock - quantity })
        .where('id', '=', productId)
        .execute()
      await trx
        .insertInto('purchase')
        .values({ user_id: userId, product_id: productId, quantity })
        .execute()
      return ok()
    }),
})
