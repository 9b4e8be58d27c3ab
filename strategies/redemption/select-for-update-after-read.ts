import { defineStrategy, ok, redemption, rejected } from '../../harness/index.ts'
import { findCoupon, hasRedeemed, insertRedemption, lockCoupon, refusal } from './steps.ts'

/**
 * Double-checked locking: look without a lock, as many requests end there, then lock the coupon and
 * look again. Met wherever a lock was added to code that had already read something, be it only the
 * user. At repeatable read the first read fixes the snapshot, and the second look sees what the first
 * one saw, whatever was committed while it waited for the lock.
 * Source: PostgreSQL manual, 13.4 "Data Consistency Checks at the Application Level": locks must be
 * obtained before the snapshot is taken.
 */
export default defineStrategy({
  name: 'select-for-update-after-read',
  workload: redemption,
  summary: "Looks, locks the coupon's row, and looks again.",
  execute: (session, { userId, code }) =>
    session.transaction(async (tx) => {
      const found = await findCoupon(tx, code)
      if (!found) return rejected('no such coupon')
      if (await hasRedeemed(tx, found, userId)) return rejected('already redeemed')

      const coupon = await lockCoupon(tx, code)
      if (!coupon) return rejected('no such coupon')
      const refused = await refusal(tx, coupon, userId)
      if (refused) return refused
      await insertRedemption(tx, coupon, userId)
      return ok()
    }),
})
