import { defineStrategy, ok, redemption, rejected, type Session } from '../../harness/index.ts'
import { insertRedemption, lockCoupon, refusal, type Coupon } from './steps.ts'

/**
 * A helper finds and locks the coupon in a transaction that it opens itself, on another connection of
 * the pool: when it returns, that transaction is over, and so is the lock. Met as
 * `@Transactional(propagation = REQUIRES_NEW)`, as a repository that calls the pool instead of the
 * transaction it should have been given, and as a forgotten `.bind(trx)`.
 * Source: Spring Framework reference, "Transaction Propagation".
 */
export default defineStrategy({
  name: 'lock-on-other-connection',
  workload: redemption,
  summary: "Locks the coupon's row in a transaction of a helper, which ends before the insert.",
  connections: 2,
  execute: (session, { userId, code }) =>
    session.transaction(async (tx) => {
      const coupon = await findAndLock(session.second, code)
      if (!coupon) return rejected('no such coupon')
      const refused = await refusal(tx, coupon, userId)
      if (refused) return refused
      await insertRedemption(tx, coupon, userId)
      return ok()
    }),
})

const findAndLock = (session: Session, code: string): Promise<Coupon | undefined> =>
  session.transaction((tx) => lockCoupon(tx, code))
