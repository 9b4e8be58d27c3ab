import { checkout, defineStrategy } from '../../harness/index.ts'
import { buy } from '../purchase/check-then-decrement.ts'
import { redeem } from '../redemption/check-then-insert.ts'
import { compose } from './compose.ts'

/** Both unsafe halves in one transaction: a transaction alone makes neither of them safe. */
export default defineStrategy({
  name: 'check-both',
  workload: checkout,
  summary: 'check-then-insert and check-then-decrement in one transaction.',
  execute: (session, command) => compose(session, command, { redeem, buy }),
})
