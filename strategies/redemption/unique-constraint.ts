import { defineStrategy, isDatabaseError, ok, redemption, rejected } from '../../harness/index.ts'

/**
 * Insert without looking, and let a unique index refuse the second one. The usual cure of
 * check-then-insert. It says nothing about how many users may redeem, so the cap is not claimed.
 * Source: PostgreSQL manual, 5.5.3 "Unique Constraints".
 */
export default defineStrategy({
  name: 'unique-constraint',
  workload: redemption,
  summary: 'Inserts, and maps the unique violation to "already redeemed".',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
  schema: ['CREATE UNIQUE INDEX redemption_once ON redemption (coupon_id, user_id)'],
  async execute(session, { userId, code }) {
    try {
      return await session.transaction(async (tx) => {
        const [coupon] = await tx.sql<{ id: number; active: boolean }>`
          SELECT id, active FROM coupon WHERE code = ${code}`
        if (!coupon?.active) return rejected('no such coupon')
        await tx.sql`INSERT INTO redemption (coupon_id, user_id) VALUES (${coupon.id}, ${userId})`
        return ok()
      })
    } catch (error) {
      if (isDatabaseError(error, 'unique violation')) return rejected('already redeemed')
      throw error
    }
  },
})
