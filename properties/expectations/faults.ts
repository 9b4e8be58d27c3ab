import type { StrategyId } from '../../strategies/index.ts'

/** What strategies break, if anything, when connections break and clients die: the same on every engine. */
export const underFaults: Partial<Readonly<Record<StrategyId, readonly string[]>>> = {
  'purchase/naive-retry': ['bought-once', 'ok-has-its-purchase'],
  'purchase/idempotency-key': [],
  'purchase/request-table': [],
  // Those that make no second attempt, and say that nobody knows.
  'purchase/select-for-update': [],
  'redemption/unique-constraint': [],
  'checkout/lock-both': [],
}
