import { createPool, type UpsertResult } from 'mariadb'
import { defineApplication, ok, purchase, rejected } from '../../harness/index.ts'
import { poolAt, transaction } from './transaction.ts'

/** Looks and subtracts in one statement; the number of rows that it changed says whether there was enough. */
export default defineApplication({
  name: 'mariadb-conditional-update',
  workload: purchase,
  summary: 'MariaDB Connector: subtracts WHERE stock >= quantity, and looks at the affected rows.',
  engines: ['mysql', 'mariadb'],
  actors: 'own',
  start: ({ url }) => createPool(poolAt(url)),
  stop: (pool) => pool.end(),
  execute: (pool, { userId, productId, quantity }) =>
    transaction(pool, async (connection) => {
      const sold = await connection.execute<UpsertResult>(
        'UPDATE product SET stock = stock - ? WHERE id = ? AND stock >= ?',
        [quantity, productId, quantity],
      )
      if (sold.affectedRows === 0) {
        const [product] = await connection.execute<unknown[]>(
          'SELECT stock FROM product WHERE id = ?',
          [productId],
        )
        return rejected(product ? 'not enough stock' : 'no such product')
      }
      await connection.execute(
        'INSERT INTO purchase (user_id, product_id, quantity) VALUES (?, ?, ?)',
        [userId, productId, quantity],
      )
      return ok()
    }),
})
