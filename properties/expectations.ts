import type { StrategyId } from '../strategies/index.ts'
import { checkout } from './expectations/checkout.ts'
import type { Expectations } from './expectations/expectation.ts'
import { purchase } from './expectations/purchase.ts'
import { redemption } from './expectations/redemption.ts'

/** What becomes of every strategy, on every engine, at every isolation level. */
export const expectations: Readonly<Record<StrategyId, Expectations>> = {
  ...redemption,
  ...purchase,
  ...checkout,
}
