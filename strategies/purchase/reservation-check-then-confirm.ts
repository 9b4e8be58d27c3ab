import { aborted, defineStrategy, ok, purchase } from '../../harness/index.ts'
import { reservationsOf, reservationTable, reserve } from './reservations.ts'
import { addToStock, insertPurchase, refusal } from './steps.ts'

/**
 * reservation, with a look in place of the DELETE that decides: the confirmation looks whether the
 * reservation has expired, and the sweep gives back what it has listed. Both can have looked before
 * either deletes, and the units are sold and given back.
 * Source: as for reservation; the mistake is check-then-act.
 */
export default defineStrategy({
  name: 'reservation-check-then-confirm',
  workload: purchase,
  summary: 'Reserves, then confirms in a second transaction if the reservation is still there.',
  schema: reservationTable,
  async execute(session, command) {
    const id = await session.transaction((tx) => reserve(tx, session.engine, command))
    if (id === undefined) return refusal(session, command)
    return session.transaction(async (tx) => {
      const [reservation] = await tx.sql`SELECT id FROM reservation WHERE id = ${id}`
      if (!reservation) return aborted('conflict')
      await insertPurchase(tx, command)
      await tx.sql`DELETE FROM reservation WHERE id = ${id}`
      return ok()
    })
  },
  handlers: {
    restock: (session, command) =>
      session.transaction(async (tx) => {
        const { productId } = command
        for (const { id, quantity } of await reservationsOf(tx, productId)) {
          await addToStock(tx, { productId, quantity })
          await tx.sql`DELETE FROM reservation WHERE id = ${id}`
        }
        return addToStock(tx, command)
      }),
  },
})
