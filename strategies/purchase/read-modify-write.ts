import {
  defineStrategy,
  ok,
  purchase,
  rejected,
  type Bought,
  type Reply,
  type Transaction,
} from '../../harness/index.ts'
import { findProduct, insertPurchase, setStock } from './steps.ts'

/**
 * Read the stock, compute what is left, and write that back, as an ORM's `save()` does. Two buyers
 * who read the same stock overwrite each other: the lost update (P4 in Berenson et al., "A Critique of
 * ANSI SQL Isolation Levels", SIGMOD 1995). Stock never shows as negative, and is wrong.
 */
export default defineStrategy({
  name: 'read-modify-write',
  workload: purchase,
  summary: 'Reads the stock and writes back what it computed from it.',
  execute: (session, command) => session.transaction((tx) => buy(tx, command)),
})

export async function buy(tx: Transaction, bought: Bought): Promise<Reply> {
  const { productId, quantity } = bought
  const product = await findProduct(tx, productId)
  if (!product) return rejected('no such product')
  if (product.stock < quantity) return rejected('not enough stock')
  await setStock(tx, productId, product.stock - quantity)
  await insertPurchase(tx, bought)
  return ok()
}
