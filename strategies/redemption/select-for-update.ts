import {
  defineStrategy,
  ok,
  redemption,
  rejected,
  type Reply,
  type Transaction,
} from '../../harness/index.ts'
import { insertRedemption, lockCoupon, refusal, type Redeemed } from './steps.ts'

/**
 * Lock the coupon's row before looking at anything else: redemptions of one coupon go one by one.
 * Source: PostgreSQL manual, 13.3.2 "Row-Level Locks".
 */
export default defineStrategy({
  name: 'select-for-update',
  workload: redemption,
  summary: "Locks the coupon's row before it looks for earlier redemptions.",
  execute: (session, command) => session.transaction((tx) => redeem(tx, command)),
})

export async function redeem(tx: Transaction, { userId, code }: Redeemed): Promise<Reply> {
  const coupon = await lockCoupon(tx, code)
  if (!coupon) return rejected('no such coupon')
  const refused = await refusal(tx, coupon, userId)
  if (refused) return refused
  await insertRedemption(tx, coupon, userId)
  return ok()
}
