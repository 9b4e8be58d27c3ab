import { defineApplication } from '../../harness/index.ts'
import { connect } from './client.ts'
import { answer, redeemOrBeRefused } from './redeem.ts'
import { withUnique } from './tables.ts'
import { withdrawal } from './withdrawal.ts'

/**
 * What still races with the constraint in place: the coupon is looked at without a lock, so it can be
 * withdrawn before the redemption is created. No constraint speaks of two tables.
 */
export default defineApplication({
  name: 'prisma-withdrawn-unseen',
  workload: withdrawal,
  summary: 'Prisma: finds the coupon active, and creates a redemption of it, with @@unique.',
  claims: ['no-redemption-once-withdrawn'],
  schema: withUnique,
  start: (options) => connect(options, 'unique'),
  stop: (prisma) => prisma.$disconnect(),
  execute: (prisma, command) => answer(redeemOrBeRefused(prisma, command)),
})
