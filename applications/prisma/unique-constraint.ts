import { defineApplication, redemption } from '../../harness/index.ts'
import { connect } from './client.ts'
import { answer, redeemOrBeRefused } from './redeem.ts'
import { withUnique } from './tables.ts'

/**
 * The constraint refuses the second one, whoever it is and whenever it comes. How many redeem a coupon is
 * another matter, so its cap is not claimed.
 */
export default defineApplication({
  name: 'prisma-unique-constraint',
  workload: redemption,
  summary: 'Prisma: creates, and maps P2002 to "already redeemed", with @@unique.',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
  schema: withUnique,
  start: (options) => connect(options, 'unique'),
  stop: (prisma) => prisma.$disconnect(),
  execute: (prisma, command) => answer(redeemOrBeRefused(prisma, command)),
})
