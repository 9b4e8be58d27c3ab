import {
  aborted,
  defineApplication,
  ok,
  redemption,
  rejected,
  type Redeem,
  type Reply,
} from '../../harness/index.ts'
import { connect, isUniqueViolation, type PrismaClient } from './client.ts'
import { withUnique } from './tables.ts'

/**
 * Goes on with the transaction after P2002, to look who has been first. On PostgreSQL an error aborts the
 * transaction: every other statement in it is refused (SQLSTATE 25P02), so that what should be "already
 * redeemed" becomes an error. MySQL and MariaDB take back the one statement only; but at repeatable read
 * the look is at the rows of before, and may not show what the INSERT was refused for.
 */
export default defineApplication({
  name: 'prisma-read-after-violation',
  workload: redemption,
  summary: 'Prisma: creates, and after P2002 goes on with the same transaction.',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
  schema: withUnique,
  start: (options) => connect(options, 'unique'),
  stop: (prisma) => prisma.$disconnect(),
  execute: redeem,
})

function redeem(prisma: PrismaClient, { userId, code }: Redeem): Promise<Reply> {
  return prisma.$transaction(async (tx) => {
    const coupon = await tx.coupon.findFirst({ where: { code, active: true } })
    if (!coupon) return rejected('no such coupon')
    const redeeming = { userId, couponId: coupon.id }
    try {
      await tx.couponRedemption.create({ data: redeeming })
      return ok()
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      const earlier = await tx.couponRedemption.findFirst({ where: redeeming })
      return earlier ? rejected('already redeemed') : aborted('conflict')
    }
  })
}
