import { createPool, type RowDataPacket } from 'mysql2/promise'
import { defineApplication, ok, purchase, rejected } from '../../harness/index.ts'
import { transaction } from './transaction.ts'

/** Two buyers who read the same stock overwrite each other: the lost update. */
export default defineApplication({
  name: 'mysql2-read-modify-write',
  workload: purchase,
  summary: 'mysql2: reads the stock and writes back what it computed from it.',
  engines: ['mysql', 'mariadb'],
  start: ({ url, actors }) => createPool({ uri: url, connectionLimit: actors }),
  stop: (pool) => pool.end(),
  execute: (pool, { userId, productId, quantity }) =>
    transaction(pool, async (connection) => {
      const [products] = await connection.execute<(RowDataPacket & { stock: number })[]>(
        'SELECT stock FROM product WHERE id = ?',
        [productId],
      )
      const [product] = products
      if (!product) return rejected('no such product')
      if (product.stock < quantity) return rejected('not enough stock')
      await connection.execute('UPDATE product SET stock = ? WHERE id = ?', [
        product.stock - quantity,
        productId,
      ])
      await connection.execute(
        'INSERT INTO purchase (user_id, product_id, quantity) VALUES (?, ?, ?)',
        [userId, productId, quantity],
      )
      return ok()
    }),
})
