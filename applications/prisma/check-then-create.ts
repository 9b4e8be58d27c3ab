import { defineApplication, redemption } from '../../harness/index.ts'
import { connect } from './client.ts'
import { answer, redeemUnlessUsed } from './redeem.ts'
import { withIndex } from './tables.ts'

/**
 * Two requests can both look before either creates. The index makes the look quick, and nothing else; and a
 * transaction does not keep anybody from doing the same in another one.
 */
export default defineApplication({
  name: 'prisma-check-then-create',
  workload: redemption,
  summary: 'Prisma: looks for an earlier redemption, then creates one, with @@index.',
  claims: ['one-redemption-per-user', 'no-redemption-after-deactivation', 'ok-has-its-redemption'],
  schema: withIndex,
  start: (options) => connect(options, 'index'),
  stop: (prisma) => prisma.$disconnect(),
  execute: (prisma, command) => answer(redeemUnlessUsed(prisma, command)),
})
