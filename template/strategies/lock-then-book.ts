import { defineStrategy, ok, rejected } from 'lockstep'
import { booking } from '../workloads/booking.ts'

/** The same with FOR UPDATE: whoever comes second waits, and then finds the seat booked. */
export default defineStrategy({
  name: 'lock-then-book',
  workload: booking,
  summary: 'Locks the seat before it looks whether it is free.',
  execute: (session, { passenger, seat }) =>
    session.transaction(async (tx) => {
      const [found] = await tx.sql`SELECT booked_by FROM seat WHERE id = ${seat} FOR UPDATE`
      if (!found) return rejected('no such seat')
      if (found.booked_by !== null) return rejected('already booked')
      await tx.sql`UPDATE seat SET booked_by = ${passenger} WHERE id = ${seat}`
      return ok()
    }),
})
