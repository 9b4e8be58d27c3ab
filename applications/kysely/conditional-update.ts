import { defineApplication, ok, purchase, rejected } from '../../harness/index.ts'
import { connect } from './database.ts'

/** Looks and subtracts in one statement; the number of rows that it changed says whether there was enough. */
export default defineApplication({
  name: 'kysely-conditional-update',
  workload: purchase,
  summary: 'Kysely: subtracts where there is enough, and looks at the number of changed rows.',
  start: connect,
  stop: (db) => db.destroy(),
  execute: (db, { userId, productId, quantity }) =>
    db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('product')
        .set((product) => ({ stock: product('stock', '-', quantity) }))
        .where('id', '=', productId)
        .where('stock', '>=', quantity)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) {
        const product = await trx
          .selectFrom('product')
          .select('id')
          .where('id', '=', productId)
          .executeTakeFirst()
        return rejected(product ? 'not enough stock' : 'no such product')
      }
      await trx
        .insertInto('purchase')
        .values({ user_id: userId, product_id: productId, quantity })
        .execute()
      return ok()
    }),
})
