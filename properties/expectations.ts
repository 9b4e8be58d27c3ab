import { strategyIds, type StrategyId } from '../strategies/index.ts'
import { checkout } from './expectations/checkout.ts'
import type { Expectations } from './expectations/expectation.ts'
import { withRefusedInside } from './expectations/inside-snapshots.ts'
import { purchase } from './expectations/purchase.ts'
import { redemption } from './expectations/redemption.ts'

const table: Readonly<Record<StrategyId, Expectations>> = {
  ...redemption,
  ...purchase,
  ...checkout,
}

/** What becomes of every strategy, on every engine, at every isolation level. */
export const expectations = Object.fromEntries(
  strategyIds.map((id) => [id, withRefusedInside(id, table[id])]),
) as Readonly<Record<StrategyId, Expectations>>
