import { aborted, defineStrategy, ok, purchase, type Session } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { withRetry } from '../retry.ts'
import { reservationsOf, reservationTable, reserve } from './reservations.ts'
import { addToStock, insertPurchase, refusal } from './steps.ts'

/**
 * Two transactions with time between them, as for a payment: the first takes the units out of the
 * stock and notes a reservation, the second turns that into a purchase. What is not confirmed has to
 * expire and go back into the stock; here the restocking sweeps up whatever it finds. A confirmation
 * and a sweep can meet, and the reservation belongs to whose DELETE finds it.
 * Source: Pat Helland, "Life beyond Distributed Transactions", CIDR 2007, on tentative operations;
 * Pardon and Pautasso, "Atomic Distributed Transactions: a RESTful Design", 2014 (try, confirm, cancel).
 */
export default defineStrategy({
  name: 'reservation',
  workload: purchase,
  summary: 'Reserves, then confirms in a second transaction if the reservation can be deleted.',
  schema: reservationTable,
  async execute(session, command) {
    const id = await session.transaction((tx) => reserve(tx, session.engine, command))
    if (id === undefined) return refusal(session, command)
    try {
      return await transactionWithRetry(session, async (tx) => {
        if (!(await wasDeleted(tx, id))) return aborted('conflict')
        await insertPurchase(tx, command)
        return ok()
      })
    } catch (error) {
      await transactionWithRetry(session, (tx) => giveBack(tx, id, command))
      throw error
    }
  },
  handlers: {
    restock: (session, command) =>
      session.transaction(async (tx) => {
        const { productId } = command
        for (const { id, quantity } of await reservationsOf(tx, productId)) {
          await giveBack(tx, id, { productId, quantity })
        }
        return addToStock(tx, command)
      }),
  },
})

const transactionWithRetry = <T>(
  session: Session,
  body: (tx: Queryable) => Promise<T>,
): Promise<T> => withRetry(session, () => session.transaction(body))

/** Whether it was there: of several who delete a row, one is told so. */
async function wasDeleted({ sql }: Queryable, id: number): Promise<boolean> {
  const deleted = await sql`DELETE FROM reservation WHERE id = ${id}`
  return deleted.affectedRows > 0
}

async function giveBack(
  tx: Queryable,
  id: number,
  units: { readonly productId: number; readonly quantity: number },
): Promise<void> {
  if (await wasDeleted(tx, id)) await addToStock(tx, units)
}
