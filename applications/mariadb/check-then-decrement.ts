import { createPool } from 'mariadb'
import { defineApplication, ok, purchase, rejected } from '../../harness/index.ts'
import { poolAt, transaction } from './transaction.ts'

/** What is subtracted is right, but it was another stock that was enough. */
export default defineApplication({
  name: 'mariadb-check-then-decrement',
  workload: purchase,
  summary: 'MariaDB Connector: looks whether there is enough, then subtracts.',
  engines: ['mysql', 'mariadb'],
  actors: 'own',
  start: ({ url }) => createPool(poolAt(url)),
  stop: (pool) => pool.end(),
  execute: (pool, { userId, productId, quantity }) =>
    transaction(pool, async (connection) => {
      const [product] = await connection.execute<{ stock: number }[]>(
        'SELECT stock FROM product WHERE id = ?',
        [productId],
      )
      if (!product) return rejected('no such product')
      if (product.stock < quantity) return rejected('not enough stock')
      await connection.execute('UPDATE product SET stock = stock - ? WHERE id = ?', [
        quantity,
        productId,
      ])
      await connection.execute(
        'INSERT INTO purchase (user_id, product_id, quantity) VALUES (?, ?, ?)',
        [userId, productId, quantity],
      )
      return ok()
    }),
})
