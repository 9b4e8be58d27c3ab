import { defineStrategy, ok, redemption, rejected, type Reply } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { findCoupon, insertRedemption, refusal, type Redeemed } from './steps.ts'

/**
 * Look whether the user has redeemed the coupon, and insert if not: what most services start with.
 * Two requests can both look before either inserts (time of check to time of use). Met as a
 * framework's uniqueness validation.
 * Source: Bailis et al., "Feral Concurrency Control", SIGMOD 2015.
 */
export default defineStrategy({
  name: 'check-then-insert',
  workload: redemption,
  summary: 'Looks for an earlier redemption, then inserts one.',
  execute: (session, command) => session.transaction((tx) => redeem(tx, command)),
})

export async function redeem(queryable: Queryable, { userId, code }: Redeemed): Promise<Reply> {
  const coupon = await findCoupon(queryable, code)
  if (!coupon) return rejected('no such coupon')
  const refused = await refusal(queryable, coupon, userId)
  if (refused) return refused
  await insertRedemption(queryable, coupon, userId)
  return ok()
}
