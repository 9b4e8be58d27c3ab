import { defineStrategy, ok, purchase, rejected, type Session } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { insertPurchase, refusal } from './steps.ts'

/**
 * One row for each unit in stock: a buyer locks as many as needed and skips those that others have
 * locked, so that buyers of one product do not wait for each other to choose. Met in job queues and
 * seat reservations. The price: who skips units that are given back a moment later is refused,
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
  summary: 'Takes units that nobody else has locked, of a table with one row for each.',
  schema: [
    'ALTER TABLE product ADD COLUMN units INT',
    'CREATE TABLE unit (product_id INT NOT NULL, number INT NOT NULL, PRIMARY KEY (product_id, number))',
  ],
  async execute(session, command) {
    const { productId, quantity } = command
    await ensureUnits(session, productId)
    return session.transaction(async (tx) => {
      const units = await tx.sql<{ number: number }>`
        SELECT number FROM unit WHERE product_id = ${productId}
        ORDER BY number LIMIT ${quantity} FOR UPDATE SKIP LOCKED`
      if (units.length < quantity) return refusal(tx, command)
      for (const { number } of units) {
        await tx.sql`DELETE FROM unit WHERE product_id = ${productId} AND number = ${number}`
      }
      await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
      await insertPurchase(tx, command)
      return ok()
    })
  },
  handlers: {
    restock: (session, { productId, quantity }) =>
      session.transaction(async (tx) => {
        const product = await lockUnits(tx, productId)
        if (!product) return rejected('no such product')
        await tx.sql`
          UPDATE product SET stock = stock + ${quantity}, units = units + ${quantity}
          WHERE id = ${productId}`
        if (product.units !== null) await addUnits(tx, productId, product.units, quantity)
        return ok()
      }),
  },
})

interface Product {
  stock: number
  /** How many were ever made; null as long as the stock is only a number. */
  units: number | null
}

async function lockUnits({ sql }: Queryable, productId: number): Promise<Product | undefined> {
  const [product] = await sql<Product>`
    SELECT stock, units FROM product WHERE id = ${productId} FOR UPDATE`
  return product
}

/** Makes the product's units from its stock, unless that was done before. */
async function ensureUnits(session: Session, productId: number): Promise<void> {
  const [found] = await session.sql<Product>`
    SELECT stock, units FROM product WHERE id = ${productId}`
  if (found?.units !== null) return
  await session.transaction(async (tx) => {
    const product = await lockUnits(tx, productId)
    if (product?.units !== null) return
    await tx.sql`UPDATE product SET units = stock WHERE id = ${productId}`
    await addUnits(tx, productId, 0, product.stock)
  })
}

async function addUnits(
  { sql }: Queryable,
  productId: number,
  made: number,
  quantity: number,
): Promise<void> {
  for (let number = made + 1; number <= made + quantity; number++) {
    await sql`INSERT INTO unit (product_id, number) VALUES (${productId}, ${number})`
  }
}
