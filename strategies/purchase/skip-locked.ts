import {
  defineStrategy,
  ok,
  purchase,
  type Session,
  type Transaction,
} from '../../harness/index.ts'
import { addToStock, insertPurchase, refusal } from './steps.ts'

/**
 * One row for each piece in stock: a buyer locks as many as needed and skips those that others have
 * locked, so that buyers of one product do not wait for each other to choose. Met in job queues and
 * seat reservations. The price: who skips pieces that are given back a moment later is refused,
 * although there was enough.
 *
 * The rows are made from the stock when the product is first touched, under a lock on it, as a
 * migration that goes along with the traffic would. The stock stays as the total, and is counted down
 * last, as its row is where buyers do queue.
 * Source: PostgreSQL manual, "SELECT", SKIP LOCKED; MySQL manual, "Locking Read Concurrency with NOWAIT
 * and SKIP LOCKED".
 */
export default defineStrategy({
  name: 'skip-locked',
  workload: purchase,
  summary: 'Takes pieces that nobody else has locked, of a table with one row for each.',
  schema: [
    'ALTER TABLE product ADD COLUMN pieces INT',
    'CREATE TABLE piece (product_id INT NOT NULL, number INT NOT NULL, PRIMARY KEY (product_id, number))',
  ],
  async execute(session, command) {
    const { productId, quantity } = command
    await makePieces(session, productId)
    return session.transaction(async (tx) => {
      const pieces = await tx.sql<{ number: number }>`
        SELECT number FROM piece WHERE product_id = ${productId}
        ORDER BY number LIMIT ${quantity} FOR UPDATE SKIP LOCKED`
      if (pieces.length < quantity) return refusal(tx, command)
      for (const { number } of pieces) {
        await tx.sql`DELETE FROM piece WHERE product_id = ${productId} AND number = ${number}`
      }
      await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
      await insertPurchase(tx, command)
      return ok()
    })
  },
  handlers: {
    async restock(session, command) {
      await makePieces(session, command.productId)
      return session.transaction(async (tx) => {
        const added = await addToStock(tx, command)
        if (added.kind === 'ok') await addPieces(tx, command.productId, command.quantity)
        return added
      })
    },
  },
})

/** Makes the product's pieces, unless that was done before. */
async function makePieces(session: Session, productId: number): Promise<void> {
  await session.transaction(async (tx) => {
    const [product] = await tx.sql<{ stock: number; pieces: number | null }>`
      SELECT stock, pieces FROM product WHERE id = ${productId} FOR UPDATE`
    if (product?.pieces === null) await addPieces(tx, productId, product.stock)
  })
}

/** Only under a lock on the product: it counts the pieces that were ever made. */
async function addPieces(tx: Transaction, productId: number, quantity: number): Promise<void> {
  await tx.sql`
    UPDATE product SET pieces = coalesce(pieces, 0) + ${quantity} WHERE id = ${productId}`
  const [product] = await tx.sql<{ pieces: number }>`
    SELECT pieces FROM product WHERE id = ${productId}`
  const last = product?.pieces ?? 0
  for (let number = last - quantity + 1; number <= last; number++) {
    await tx.sql`INSERT INTO piece (product_id, number) VALUES (${productId}, ${number})`
  }
}
