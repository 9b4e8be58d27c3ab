import { defineStrategy, ok, redemption, rejected, type EngineName } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { findCoupon } from './steps.ts'

/**
 * Insert or update in one statement, over a unique index: the second redemption counts up `times` of
 * the first one's row. Met as an ORM's `upsert()`, which seldom says which of the two it did; here
 * that is what the user has to be told. PostgreSQL counts one row either way, so the new value has to
 * be asked for. MySQL counts 1 for an insert and 2 for an update, and for an update that changes
 * nothing 0, or 1 when the client has asked for matched rows: `ON DUPLICATE KEY UPDATE id = id` then
 * looks like an insert.
 * Source: PostgreSQL manual, "INSERT"; MySQL manual, "INSERT ... ON DUPLICATE KEY UPDATE Statement".
 */
export default defineStrategy({
  name: 'upsert',
  workload: redemption,
  summary: 'Inserts or counts up, and finds out from the answer which of the two it was.',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
  schema: [
    'ALTER TABLE redemption ADD COLUMN times INT NOT NULL DEFAULT 1',
    'CREATE UNIQUE INDEX redemption_once ON redemption (coupon_id, user_id)',
  ],
  execute: (session, { userId, code }) =>
    session.transaction(async (tx) => {
      const coupon = await findCoupon(tx, code)
      if (!coupon) return rejected('no such coupon')
      const isNew = await upsert[session.engine](tx, coupon.id, userId)
      return isNew ? ok() : rejected('already redeemed')
    }),
})

/** Whether a row was inserted. */
type Upsert = (tx: Queryable, couponId: number, userId: number) => Promise<boolean>

const onDuplicateKeyUpdate: Upsert = async ({ sql }, couponId, userId) => {
  const written = await sql`
    INSERT INTO redemption (coupon_id, user_id) VALUES (${couponId}, ${userId})
    ON DUPLICATE KEY UPDATE times = times + 1`
  return written.affectedRows === 1
}

const upsert = {
  postgres: async ({ sql }, couponId, userId) => {
    const [row] = await sql<{ times: number }>`
      INSERT INTO redemption (coupon_id, user_id) VALUES (${couponId}, ${userId})
      ON CONFLICT (coupon_id, user_id) DO UPDATE SET times = redemption.times + 1
      RETURNING times`
    return row?.times === 1
  },
  mysql: onDuplicateKeyUpdate,
  mariadb: onDuplicateKeyUpdate,
} satisfies Record<EngineName, Upsert>
