import { defineApplication, ok, redemption, rejected } from '../../harness/index.ts'
import { openPool } from './pool.ts'
import { transaction } from './transaction.ts'

/** One pool for all, as in a service: two requests can both look before either inserts. */
export default defineApplication({
  name: 'pg-check-then-insert',
  workload: redemption,
  summary: 'node-postgres: looks for an earlier redemption, then inserts one.',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
  engines: ['postgres'],
  start: ({ url }) => openPool(url),
  stop: (pool) => pool.end(),
  execute: (pool, { userId, code }) =>
    transaction(pool, async (client) => {
      const coupons = await client.query<{ id: number }>(
        'SELECT id FROM coupon WHERE code = $1 AND active',
        [code],
      )
      const [coupon] = coupons.rows
      if (!coupon) return rejected('no such coupon')
      const earlier = await client.query(
        'SELECT 1 FROM redemption WHERE coupon_id = $1 AND user_id = $2',
        [coupon.id, userId],
      )
      if (earlier.rows.length > 0) return rejected('already redeemed')
      await client.query('INSERT INTO redemption (coupon_id, user_id) VALUES ($1, $2)', [
        coupon.id,
        userId,
      ])
      return ok()
    }),
})
