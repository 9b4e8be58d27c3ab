import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { defineApplication, ok, redemption as workload, rejected } from '../../harness/index.ts'
import { openPool } from '../pg/pool.ts'
import { coupon, redemption } from './tables.ts'

/** Inserts, unless the unique index has one already: no row comes back then, and no error. */
export default defineApplication({
  name: 'drizzle-on-conflict-do-nothing',
  workload,
  summary: 'Drizzle: inserts ON CONFLICT DO NOTHING, and looks whether a row was written.',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
  schema: ['CREATE UNIQUE INDEX redemption_once ON redemption (coupon_id, user_id)'],
  engines: ['postgres'],
  start: ({ url }) => drizzle(openPool(url)),
  stop: (db) => db.$client.end(),
  execute: (db, { userId, code }) =>
    db.transaction(async (tx) => {
      const [found] = await tx
        .select()
        .from(coupon)
        .where(and(eq(coupon.code, code), eq(coupon.active, true)))
      if (!found) return rejected('no such coupon')
      const written = await tx
        .insert(redemption)
        .values({ couponId: found.id, userId })
        .onConflictDoNothing()
        .returning()
      return written.length > 0 ? ok() : rejected('already redeemed')
    }),
})
