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
 * At repeatable read that depends on the engine. PostgreSQL takes the snapshot for the statement that
 * then waits for the lock, and as the coupon itself does not change, nothing is refused: what follows
 * sees neither the redemptions that it waited for nor a reason to fail. InnoDB takes it at the first
 * read without a lock, which comes after the wait.
 * Source: PostgreSQL manual, 13.3.2 "Row-Level Locks" and 13.4 "Data Consistency Checks at the
 * Application Level"; MySQL manual, "Consistent Nonlocking Reads".
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
