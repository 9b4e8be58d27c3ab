import { defineApplication } from '../../harness/index.ts'
import { connect, type Transaction } from './client.ts'
import { answer, findCoupon, redeemOrBeRefused } from './redeem.ts'
import { withUnique } from './tables.ts'
import { withdrawal } from './withdrawal.ts'

/** The coupon is locked before it is looked at: whoever withdraws it waits, or has been first. */
export default defineApplication({
  name: 'prisma-withdrawn-locked',
  workload: withdrawal,
  summary:
    'Prisma: locks the coupon, finds it active, and creates a redemption of it, with @@unique.',
  claims: ['no-redemption-once-withdrawn'],
  schema: withUnique,
  start: (options) => connect(options, 'unique'),
  stop: (prisma) => prisma.$disconnect(),
  execute: (prisma, command) => answer(redeemOrBeRefused(prisma, command, lockCoupon)),
})

/** Prisma has no lock of its own. */
async function lockCoupon(tx: Transaction, code: string): Promise<{ id: number }> {
  await tx.$queryRaw`SELECT id FROM coupon WHERE code = ${code} FOR UPDATE`
  return findCoupon(tx, code)
}
