import { createPool, type RowDataPacket } from 'mysql2/promise'
import { defineApplication, ok, purchase, rejected } from '../../harness/index.ts'
import { transaction } from './transaction.ts'

/** The second buyer waits for the lock, and reads what the first one has left. */
export default defineApplication({
  name: 'mysql2-select-for-update',
  workload: purchase,
  summary: 'mysql2: locks the product, then writes back what it computed from its stock.',
  engines: ['mysql', 'mariadb'],
  start: ({ url, actors }) => createPool({ uri: url, connectionLimit: actors }),
  stop: (pool) => pool.end(),
  execute: (pool, { userId, productId, quantity }) =>
    transaction(pool, async (connection) => {
      const [products] = await connection.execute<(RowDataPacket & { stock: number })[]>(
        'SELECT stock FROM product WHERE id = ? FOR UPDATE',
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
