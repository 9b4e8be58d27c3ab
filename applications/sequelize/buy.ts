import type { Transaction } from 'sequelize'
import { ok, rejected, type Purchase, type Reply } from '../../harness/index.ts'
import type { Shop } from './database.ts'

/** Reads the product, and saves it with what is left. */
export async function buy(
  { products, purchases }: Shop,
  { userId, productId, quantity }: Purchase,
  transaction: Transaction,
): Promise<Reply> {
  const product = await products.findByPk(productId, { transaction })
  if (!product) return rejected('no such product')
  if (product.stock < quantity) return rejected('not enough stock')
  product.stock -= quantity
  await product.save({ transaction })
  await purchases.create({ user_id: userId, product_id: productId, quantity }, { transaction })
  return ok()
}
