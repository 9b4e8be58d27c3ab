import {
  defineStrategy,
  ok,
  purchase,
  rejected,
  type Bought,
  type Reply,
} from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { insertPurchase, lockProduct, setStock } from './steps.ts'

/**
 * Lock the product's row while reading it, so that it cannot change before it is written back.
 * Source: PostgreSQL manual, 13.3.2 "Row-Level Locks".
 */
export default defineStrategy({
  name: 'select-for-update',
  workload: purchase,
  summary: "Locks the product's row before reading its stock.",
  execute: (session, command) => session.transaction((tx) => buy(tx, command)),
})

export async function buy(queryable: Queryable, bought: Bought): Promise<Reply> {
  const { productId, quantity } = bought
  const product = await lockProduct(queryable, productId)
  if (!product) return rejected('no such product')
  if (product.stock < quantity) return rejected('not enough stock')
  await setStock(queryable, productId, product.stock - quantity)
  await insertPurchase(queryable, bought)
  return ok()
}
