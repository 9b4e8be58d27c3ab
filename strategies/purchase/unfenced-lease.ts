import {
  aborted,
  defineStrategy,
  isDatabaseError,
  ok,
  purchase,
  rejected,
  type Bought,
  type EngineName,
  type Reply,
  type Session,
} from '../../harness/index.ts'
import { findProduct, insertPurchase } from './steps.ts'

/** Looks at one and the same lease, before its holder is taken for dead. */
const patience = 5
/** Looks in all, before it is given up. */
const mostLooks = 10

const table = (id: string): readonly string[] => [
  `CREATE TABLE lease (id ${id} PRIMARY KEY, product_id INT NOT NULL UNIQUE)`,
]

/**
 * A lease on the product, kept in a table, in place of a transaction. Its holder may have crashed, so
 * whoever has found the same lease several times removes it and takes one out. The holder may also
 * have been slow; so it writes only if there still is a lease, but does not ask whose.
 *
 * That is enough if the other one is done before the slow one goes on, as its lease is gone again by
 * then. It takes a second one that is slow, between its write and its release, for the first one's
 * stale stock to be written under the second one's lease: three steps have to come in order, with
 * long ways between them.
 * Source: Martin Kleppmann, "How to do distributed locking", 2016, on fencing tokens.
 */
export default defineStrategy({
  name: 'unfenced-lease',
  workload: purchase,
  summary: 'Writes the stock only while the product is leased, but does not ask to whom.',
  schema: {
    postgres: table('INT GENERATED ALWAYS AS IDENTITY'),
    mysql: table('INT AUTO_INCREMENT'),
    mariadb: table('INT AUTO_INCREMENT'),
  } satisfies Record<EngineName, readonly string[]>,
  execute: (session, command) =>
    underLease(session, command.productId, () => buy(session, command)),
  handlers: {
    restock: (session, { productId, quantity }) =>
      underLease(session, productId, async () => {
        const product = await findProduct(session, productId)
        if (!product) return rejected('no such product')
        const isWritten = await setLeasedStock(session, productId, product.stock + quantity)
        return isWritten ? ok() : aborted('conflict')
      }),
  },
})

async function buy(session: Session, bought: Bought): Promise<Reply> {
  const { productId, quantity } = bought
  const product = await findProduct(session, productId)
  if (!product) return rejected('no such product')
  if (product.stock < quantity) return rejected('not enough stock')
  const isWritten = await setLeasedStock(session, productId, product.stock - quantity)
  if (!isWritten) return aborted('conflict')
  await insertPurchase(session, bought)
  return ok()
}

async function underLease(
  session: Session,
  productId: number,
  body: () => Promise<Reply>,
): Promise<Reply> {
  if (!(await acquire(session, productId))) return aborted('conflict')
  try {
    return await body()
  } finally {
    await session.sql`DELETE FROM lease WHERE product_id = ${productId}`
  }
}

async function acquire(session: Session, productId: number): Promise<boolean> {
  let [seen, looks] = [0, 0]
  for (let look = 1; look <= mostLooks; look++) {
    const [lease] = await session.sql<{ id: number }>`
      SELECT id FROM lease WHERE product_id = ${productId}`
    if (!lease) {
      if (await takeOut(session, productId)) return true
    } else {
      looks = lease.id === seen ? looks + 1 : 1
      seen = lease.id
      if (looks === patience) await session.sql`DELETE FROM lease WHERE id = ${seen}`
    }
    await session.sleep(1_000)
  }
  return false
}

/** Whether nobody else was faster. */
async function takeOut({ sql }: Session, productId: number): Promise<boolean> {
  try {
    await sql`INSERT INTO lease (product_id) VALUES (${productId})`
    return true
  } catch (error) {
    if (isDatabaseError(error, 'unique violation')) return false
    throw error
  }
}

async function setLeasedStock(
  { sql }: Session,
  productId: number,
  stock: number,
): Promise<boolean> {
  const written = await sql`
    UPDATE product SET stock = ${stock}
    WHERE id = ${productId} AND EXISTS (SELECT 1 FROM lease WHERE product_id = ${productId})`
  return written.affectedRows > 0
}
