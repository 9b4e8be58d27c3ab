import { aborted, defineStrategy, ok, redemption, rejected } from '../../harness/index.ts'
import { findCoupon, refusal } from './steps.ts'

/**
 * Check and insert in one statement, which is then believed to be atomic. It is one statement, but it
 * reads before it writes like two, and sees nothing of what others have not committed. InnoDB at
 * repeatable read locks what the SELECT reads, and two of them deadlock.
 * Source: Hubert Lubaczewski, "Why is UPSERT so complicated?", depesz.com 2012.
 */
export default defineStrategy({
  name: 'insert-where-not-exists',
  workload: redemption,
  summary: 'Checks in the WHERE clause of INSERT … SELECT.',
  execute: (session, { userId, code }) =>
    session.transaction(async (tx) => {
      const inserted = await tx.sql`
        INSERT INTO redemption (coupon_id, user_id)
        SELECT c.id, ${userId} FROM coupon c
        WHERE c.code = ${code} AND c.active
          AND NOT EXISTS (SELECT 1 FROM redemption r WHERE r.coupon_id = c.id AND r.user_id = ${userId})
          AND (c.cap IS NULL OR c.cap > (SELECT count(*) FROM redemption r WHERE r.coupon_id = c.id))`
      if (inserted.affectedRows > 0) return ok()

      const coupon = await findCoupon(tx, code)
      if (!coupon) return rejected('no such coupon')
      // Without a reason now, there was one then.
      return (await refusal(tx, coupon, userId)) ?? aborted('conflict')
    }),
})
