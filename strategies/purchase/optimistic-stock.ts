import {
  aborted,
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
 * Compare-and-set on the stock itself instead of a version: write what was computed only if the stock
 * is still what it was computed from. Met as Hibernate's `OptimisticLockType.DIRTY`.
 *
 * A purchase and a restocking in between may cancel out, and then the comparison does not notice: the
 * ABA problem. It is harmless here, as everything that is decided and written follows from the stock
 * alone, and from the same stock the same follows. Were anything else read along with it, such as a
 * price, that would need a version. In return, nobody else has to know: a version that the restocking
 * forgot to advance would lose updates.
 * Source: Martin Kleppmann, "Designing Data-Intensive Applications", chapter 7, "Compare-and-set".
 */
export default defineStrategy({
  name: 'optimistic-stock',
  workload: purchase,
  summary: 'Writes the stock back only if it is still what was read, and tries again if not.',
  async execute(session, command) {
    for (let attempt = 1; attempt <= session.attempts; attempt++) {
      const reply = await session.transaction((tx) => buy(tx, command))
      if (reply.kind !== 'aborted') return reply
    }
    return aborted('conflict')
  },
})

async function buy(tx: Transaction, bought: Bought): Promise<Reply> {
  const { productId, quantity } = bought
  const product = await findProduct(tx, productId)
  if (!product) return rejected('no such product')
  if (product.stock < quantity) return rejected('not enough stock')
  const written = await tx.sql`
    UPDATE product SET stock = ${product.stock - quantity}
    WHERE id = ${productId} AND stock = ${product.stock}`
  if (written.affectedRows === 0) return aborted('conflict')
  await insertPurchase(tx, bought)
  return ok()
}
