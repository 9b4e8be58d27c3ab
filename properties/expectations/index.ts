import type { StrategyId } from '../../strategies/index.ts'
import { checkout } from './checkout.ts'
import type { Expectations } from './expectation.ts'
import { purchase } from './purchase.ts'
import { redemption } from './redemption.ts'

/** What becomes of every strategy, on every engine, at every isolation level. */
export const expectations: Readonly<Record<StrategyId, Expectations>> = {
  ...redemption,
  ...purchase,
  ...checkout,
}
