import pg from 'pg'
import { defineApplication, ok, redemption, rejected } from '../../harness/index.ts'
import { openPool } from './pool.ts'
import { transaction } from './transaction.ts'

/** The SQLSTATE of `unique_violation`: PostgreSQL manual, appendix A. */
const uniqueViolation = '23505'

/** A unique index refuses the second one, and the service says so in its own words. */
export default defineApplication({
  name: 'pg-unique-constraint',
  workload: redemption,
  summary: 'node-postgres: inserts, and maps the unique violation to "already redeemed".',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
  schema: ['CREATE UNIQUE INDEX redemption_once ON redemption (coupon_id, user_id)'],
  engines: ['postgres'],
  start: ({ url }) => openPool(url),
  stop: (pool) => pool.end(),
  async execute(pool, { userId, code }) {
    try {
      return await transaction(pool, async (client) => {
        const coupons = await client.query<{ id: number }>(
          'SELECT id FROM coupon WHERE code = $1 AND active',
          [code],
        )
        const [coupon] = coupons.rows
        if (!coupon) return rejected('no such coupon')
        await client.query('INSERT INTO redemption (coupon_id, user_id) VALUES ($1, $2)', [
          coupon.id,
          userId,
        ])
        return ok()
      })
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === uniqueViolation) {
        return rejected('already redeemed')
      }
      throw error
    }
  },
})
