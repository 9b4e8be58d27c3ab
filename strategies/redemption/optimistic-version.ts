import {
  aborted,
  defineStrategy,
  ok,
  redemption,
  rejected,
  type Redeem,
  type Reply,
  type Transaction,
} from '../../harness/index.ts'
import { insertRedemption, refusal, type Coupon } from './steps.ts'

/**
 * Nobody locks; every redemption advances the coupon's version, and only one of those that read the
 * same version can. The others start again, a bounded number of times.
 * Source: Kung and Robinson, "On Optimistic Methods for Concurrency Control", TODS 1981.
 */
export default defineStrategy({
  name: 'optimistic-version',
  workload: redemption,
  summary: "Advances the coupon's version; who read an older one tries again.",
  schema: ['ALTER TABLE coupon ADD COLUMN version INT NOT NULL DEFAULT 0'],
  async execute(session, command) {
    for (let attempt = 1; attempt <= session.attempts; attempt++) {
      const reply = await session.transaction((tx) => redeem(tx, command))
      if (reply.kind !== 'aborted') return reply
    }
    return aborted('conflict')
  },
  handlers: {
    async deactivate(session, { code }) {
      const done = await session.sql`
        UPDATE coupon SET active = FALSE, version = version + 1 WHERE code = ${code}`
      return done.affectedRows === 0 ? rejected('no such coupon') : ok()
    },
  },
})

async function redeem(tx: Transaction, { userId, code }: Redeem): Promise<Reply> {
  const [coupon] = await tx.sql<Coupon & { version: number }>`
    SELECT id, active, cap, version FROM coupon WHERE code = ${code}`
  if (!coupon?.active) return rejected('no such coupon')
  const refused = await refusal(tx, coupon, userId)
  if (refused) return refused
  const advanced = await tx.sql`
    UPDATE coupon SET version = version + 1 WHERE id = ${coupon.id} AND version = ${coupon.version}`
  if (advanced.affectedRows === 0) return aborted('conflict')
  await insertRedemption(tx, coupon, userId)
  return ok()
}
