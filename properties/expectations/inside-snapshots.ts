import type { IsolationLevel } from '../../harness/index.ts'
import type { StrategyId } from '../../strategies/index.ts'
import type { Expectations } from './expectation.ts'

/**
 * What MariaDB with snapshot isolation refuses besides, with a serialization failure, where others act
 * between what a statement has read and what it writes: mostly at serializable, where whatever waits
 * for a row that a statement under way then changes finds it newer than its snapshot.
 */
const refused: Partial<Readonly<Record<StrategyId, readonly IsolationLevel[]>>> = {
  'redemption/check-then-insert': ['serializable'],
  'redemption/insert-where-not-exists': ['serializable'],
  'redemption/select-for-update': ['serializable'],
  'redemption/select-for-update-after-read': ['serializable'],
  'redemption/for-share-then-insert': ['serializable'],
  'redemption/lock-on-other-connection': ['serializable'],
  'redemption/advisory-lock': ['serializable'],
  'redemption/advisory-lock-released-early': ['serializable'],
  'redemption/app-mutex': ['serializable'],
  'purchase/missing-transaction': ['serializable'],
  'purchase/order-then-decrement': ['serializable'],
  'purchase/unfenced-lease': ['read-uncommitted', 'read-committed', 'serializable'],
}

/** The expectations of a strategy, with these. */
export function withRefusedInside(id: StrategyId, expected: Expectations): Expectations {
  const platform = 'mariadb with snapshot isolation'
  const levels = { ...expected[platform] }
  for (const level of refused[id] ?? []) {
    const { inside, ...rest } = levels[level]
    const aborts = [...(inside?.aborts ?? []), 'serialization failure' as const]
    levels[level] = { ...rest, inside: { ...inside, aborts } }
  }
  return { ...expected, [platform]: levels }
}
