import {
  defineStrategy,
  ok,
  purchase,
  rejected,
  type Bought,
  type Reply,
  type Transaction,
} from '../../harness/index.ts'
import { findProduct, insertPurchase } from './steps.ts'

/**
 * Look whether there is enough, and subtract in the database. No update is lost, but the stock may
 * have been sold between the look and the subtraction.
 * Source: Warszawski and Bailis, "ACIDRain: Concurrency-Related Attacks on Database-Backed Web
 * Applications", SIGMOD 2017.
 */
export default defineStrategy({
  name: 'check-then-decrement',
  workload: purchase,
  summary: 'Reads the stock, checks it, and subtracts in the UPDATE.',
  execute: (session, command) => session.transaction((tx) => buy(tx, command)),
})

export async function buy(tx: Transaction, bought: Bought): Promise<Reply> {
  const { productId, quantity } = bought
  const product = await findProduct(tx, productId)
  if (!product) return rejected('no such product')
  if (product.stock < quantity) return rejected('not enough stock')
  await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
  await insertPurchase(tx, bought)
  return ok()
}
