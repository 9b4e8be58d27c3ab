import {
  defineStrategy,
  ok,
  redemption,
  rejected,
  type Redeem,
  type Reply,
  type Transaction,
} from '../../harness/index.ts'

/**
 * Look whether the user has redeemed the coupon, and insert if not: what most services start with.
 * Two requests can both look before either inserts (time of check to time of use).
 */
export default defineStrategy({
  name: 'check-then-insert',
  workload: redemption,
  summary: 'Looks for an earlier redemption, then inserts one.',
  execute: (session, command) => session.transaction((tx) => redeem(tx, command)),
})

export async function redeem(
  tx: Transaction,
  { userId, code }: Pick<Redeem, 'userId' | 'code'>,
): Promise<Reply> {
  const [coupon] = await tx.sql<{ id: number; active: boolean; cap: number | null }>`
    SELECT id, active, cap FROM coupon WHERE code = ${code}`
  if (!coupon?.active) return rejected('no such coupon')
  const [used] = await tx.sql`
    SELECT user_id FROM redemption WHERE coupon_id = ${coupon.id} AND user_id = ${userId}`
  if (used) return rejected('already redeemed')
  if (coupon.cap !== null) {
    const [total] = await tx.sql<{ redeemed: number }>`
      SELECT count(*) AS redeemed FROM redemption WHERE coupon_id = ${coupon.id}`
    if (!total || total.redeemed >= coupon.cap) return rejected('used up')
  }
  await tx.sql`INSERT INTO redemption (coupon_id, user_id) VALUES (${coupon.id}, ${userId})`
  return ok()
}
