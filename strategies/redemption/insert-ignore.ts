import { defineStrategy, ok, redemption, rejected, type EngineName } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { findCoupon } from './steps.ts'

/**
 * Insert without looking, over a unique index, and have the second insert do nothing instead of
 * fail: no error, no failed transaction, only a count of zero. Met in idempotent consumers and in
 * `createMany({ skipDuplicates: true })`. INSERT IGNORE ignores other errors as well, such as a value
 * that does not fit. Like unique-constraint, it does not look at the cap.
 * Source: PostgreSQL manual, "INSERT", ON CONFLICT DO NOTHING; MySQL manual, "INSERT Statement".
 */
export default defineStrategy({
  name: 'insert-ignore',
  workload: redemption,
  summary: 'Inserts unless the row exists, and takes zero affected rows for "already redeemed".',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
  schema: ['CREATE UNIQUE INDEX redemption_once ON redemption (coupon_id, user_id)'],
  execute: (session, { userId, code }) =>
    session.transaction(async (tx) => {
      const coupon = await findCoupon(tx, code)
      if (!coupon) return rejected('no such coupon')
      const inserted = await insertOrIgnore[session.engine](tx, coupon.id, userId)
      return inserted.affectedRows === 0 ? rejected('already redeemed') : ok()
    }),
})

type Insert = (
  tx: Queryable,
  couponId: number,
  userId: number,
) => Promise<{ readonly affectedRows: number }>

const insertIgnore: Insert = ({ sql }, couponId, userId) =>
  sql`INSERT IGNORE INTO redemption (coupon_id, user_id) VALUES (${couponId}, ${userId})`

const insertOrIgnore = {
  postgres: ({ sql }, couponId, userId) =>
    sql`INSERT INTO redemption (coupon_id, user_id) VALUES (${couponId}, ${userId}) ON CONFLICT DO NOTHING`,
  mysql: insertIgnore,
  mariadb: insertIgnore,
} satisfies Record<EngineName, Insert>
