import postgres from 'postgres'
import { defineApplication, ok, redemption, rejected } from '../../harness/index.ts'

/** The whole rule is looked at, once per user and the cap, and nothing is locked meanwhile. */
export default defineApplication({
  name: 'postgres-js-check-then-insert',
  workload: redemption,
  summary: 'postgres.js: counts the redemptions, then inserts one.',
  engines: ['postgres'],
  actors: 'own',
  start: ({ url }) => postgres(url, { max: 1, fetch_types: false }),
  stop: (sql) => sql.end(),
  execute: (client, { userId, code }) =>
    client.begin(async (sql) => {
      const [coupon] = await sql<{ id: number; cap: number | null }[]>`
        SELECT id, cap FROM coupon WHERE code = ${code} AND active`
      if (!coupon) return rejected('no such coupon')
      const redemptions = await sql<{ user_id: number }[]>`
        SELECT user_id FROM redemption WHERE coupon_id = ${coupon.id}`
      if (redemptions.some(({ user_id }) => user_id === userId)) return rejected('already redeemed')
      if (coupon.cap !== null && redemptions.length >= coupon.cap) return rejected('used up')
      await sql`INSERT INTO redemption ${sql({ coupon_id: coupon.id, user_id: userId })}`
      return ok()
    }),
})
