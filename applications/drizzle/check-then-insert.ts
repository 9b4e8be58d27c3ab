import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { defineApplication, ok, redemption as workload, rejected } from '../../harness/index.ts'
import { openPool } from '../pg/pool.ts'
import { coupon, redemption } from './tables.ts'

/** Two requests can both look before either inserts. */
export default defineApplication({
  name: 'drizzle-check-then-insert',
  workload,
  summary: 'Drizzle: looks for an earlier redemption, then inserts one.',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
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
      const mine = and(eq(redemption.couponId, found.id), eq(redemption.userId, userId))
      const earlier = await tx.select().from(redemption).where(mine)
      if (earlier.length > 0) return rejected('already redeemed')
      await tx.insert(redemption).values({ couponId: found.id, userId })
      return ok()
    }),
})
