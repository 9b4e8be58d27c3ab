import { defineApplication, redemption } from '../../harness/index.ts'
import { connect } from './client.ts'
import { answer, redeemOrBeRefused } from './redeem.ts'
import { withIndex } from './tables.ts'

/**
 * The service was changed, and its schema was not: there is nothing that could be violated, so whoever asks
 * twice redeems twice, with or without concurrency.
 */
export default defineApplication({
  name: 'prisma-create-without-constraint',
  workload: redemption,
  summary: 'Prisma: creates, and maps P2002 to "already redeemed", but with @@index.',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
  schema: withIndex,
  start: (options) => connect(options, 'index'),
  stop: (prisma) => prisma.$disconnect(),
  execute: (prisma, command) => answer(redeemOrBeRefused(prisma, command)),
})
