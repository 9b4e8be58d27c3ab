import { checkout, defineStrategy } from '../../harness/index.ts'
import { buy } from '../purchase/select-for-update.ts'
import { redeem } from '../redemption/select-for-update.ts'
import { compose } from './compose.ts'

/** Both rows locked, always the coupon before the product, so that no two can wait in a circle. */
export default defineStrategy({
  name: 'lock-both',
  workload: checkout,
  summary: 'Locks the coupon, then the product, in one transaction.',
  execute: (session, command) => compose(session, command, { redeem, buy }),
})
