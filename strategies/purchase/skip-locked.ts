import { defineStrategy, ok, purchase, rejected, type Session } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { insertPurchase, refusal } from './steps.ts'

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
    await ensurePieces(session, productId)
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
    restock: (session, { productId, quantity }) =>
      session.transaction(async (tx) => {
        const product = await lockPieces(tx, productId)
        if (!product) return rejected('no such product')
        await tx.sql`
          UPDATE product SET stock = stock + ${quantity}, pieces = pieces + ${quantity}
          WHERE id = ${productId}`
        if (product.pieces !== null) await addPieces(tx, productId, product.pieces, quantity)
        return ok()
      }),
  },
})

interface Product {
  stock: number
  /** How many were ever made; null as long as the stock is only a number. */
  pieces: number | null
}

async function lockPieces({ sql }: Queryable, productId: number): Promise<Product | undefined> {
  const [product] = await sql<Product>`
    SELECT stock, pieces FROM product WHERE id = ${productId} FOR UPDATE`
  return product
}

/** Makes the product's pieces from its stock, unless that was done before. */
async function ensurePieces(session: Session, productId: number): Promise<void> {
  const [found] = await session.sql<Product>`
    SELECT stock, pieces FROM product WHERE id = ${productId}`
  if (found?.pieces !== null) return
  await session.transaction(async (tx) => {
    const product = await lockPieces(tx, productId)
    if (product?.pieces !== null) return
    await tx.sql`UPDATE product SET pieces = stock WHERE id = ${productId}`
    await addPieces(tx, productId, 0, product.stock)
  })
}

async function addPieces(
  { sql }: Queryable,
  productId: number,
  made: number,
  quantity: number,
): Promise<void> {
  for (let number = made + 1; number <= made + quantity; number++) {
    await sql`INSERT INTO piece (product_id, number) VALUES (${productId}, ${number})`
  }
}
