import { defineStrategy, ok, redemption, rejected } from '../../harness/index.ts'
import { findCoupon, insertRedemption, isUsedUp } from './steps.ts'

/**
 * Look for the redemption with FOR UPDATE, to keep others away from it. While it does not exist there
 * is no row to lock: PostgreSQL locks nothing, and InnoDB below repeatable read neither. At repeatable
 * read InnoDB locks the gap where the row would be, which two transactions can do at once; then each
 * waits for the other with its insert, and one of them is a deadlock's victim.
 * Source: MySQL manual, "InnoDB Locking", gap locks.
 */
export default defineStrategy({
  name: 'lock-missing-row',
  workload: redemption,
  summary: 'Looks for an earlier redemption FOR UPDATE, and inserts if there is none.',
  execute: (session, { userId, code }) =>
    session.transaction(async (tx) => {
      const coupon = await findCoupon(tx, code)
      if (!coupon) return rejected('no such coupon')
      const [used] = await tx.sql`
        SELECT user_id FROM redemption
        WHERE coupon_id = ${coupon.id} AND user_id = ${userId} FOR UPDATE`
      if (used) return rejected('already redeemed')
      if (await isUsedUp(tx, coupon)) return rejected('used up')
      await insertRedemption(tx, coupon, userId)
      return ok()
    }),
})
