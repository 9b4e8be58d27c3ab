import { defineStrategy, isDatabaseError, ok, redemption, rejected } from '../../harness/index.ts'
import { findCoupon, hasRedeemed, insertRedemption } from './steps.ts'

/**
 * The coupon counts its redemptions itself, in the one statement that also checks the cap, and the
 * row it updates stays locked until COMMIT. A unique index keeps a user from redeeming twice. Met as a
 * counter cache. The counter begins at 0: it has to be filled in where there are redemptions already.
 * Source: PostgreSQL manual, 13.2.1 "Read Committed Isolation Level": an UPDATE that had to wait looks
 * at its condition again.
 */
export default defineStrategy({
  name: 'cap-counter',
  workload: redemption,
  summary: 'Counts up on the coupon WHERE used < cap, then inserts over a unique index.',
  schema: [
    'ALTER TABLE coupon ADD COLUMN used INT NOT NULL DEFAULT 0',
    'CREATE UNIQUE INDEX redemption_once ON redemption (coupon_id, user_id)',
  ],
  async execute(session, { userId, code }) {
    try {
      return await session.transaction(async (tx) => {
        const counted = await tx.sql`
          UPDATE coupon SET used = used + 1
          WHERE code = ${code} AND active AND (cap IS NULL OR used < cap)`
        const coupon = await findCoupon(tx, code)
        if (!coupon) return rejected('no such coupon')
        if (counted.affectedRows === 0) {
          const isTheirs = await hasRedeemed(tx, coupon, userId)
          return rejected(isTheirs ? 'already redeemed' : 'used up')
        }
        await insertRedemption(tx, coupon, userId)
        return ok()
      })
    } catch (error) {
      if (isDatabaseError(error, 'unique violation')) return rejected('already redeemed')
      throw error
    }
  },
})
