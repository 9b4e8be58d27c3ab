import { defineStrategy, ok, rejected } from 'lockstep'
import { booking } from '../workloads/booking.ts'

/** Two passengers can both find the seat free, and both book it. */
export default defineStrategy({
  name: 'check-then-book',
  workload: booking,
  summary: 'Looks whether the seat is free, then books it.',
  execute: (session, { passenger, seat }) =>
    session.transaction(async (tx) => {
      const [found] = await tx.sql`SELECT booked_by FROM seat WHERE id = ${seat}`
      if (!found) return rejected('no such seat')
      if (found.booked_by !== null) return rejected('already booked')
      await tx.sql`UPDATE seat SET booked_by = ${passenger} WHERE id = ${seat}`
      return ok()
    }),
})
