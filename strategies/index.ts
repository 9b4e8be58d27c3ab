import type { Strategy } from '../harness/index.ts'
import checkBoth from './checkout/check-both.ts'
import lockBoth from './checkout/lock-both.ts'
import checkConstraint from './purchase/check-constraint.ts'
import checkThenDecrement from './purchase/check-then-decrement.ts'
import conditionalUpdate from './purchase/conditional-update.ts'
import purchaseOptimisticVersion from './purchase/optimistic-version.ts'
import readModifyWrite from './purchase/read-modify-write.ts'
import purchaseSelectForUpdate from './purchase/select-for-update.ts'
import checkThenInsert from './redemption/check-then-insert.ts'
import redemptionOptimisticVersion from './redemption/optimistic-version.ts'
import redemptionSelectForUpdate from './redemption/select-for-update.ts'
import uniqueConstraint from './redemption/unique-constraint.ts'

/** Every strategy, by workload. A test sees to it that no file is forgotten. */
export const strategies: readonly Strategy[] = [
  checkThenInsert,
  uniqueConstraint,
  redemptionSelectForUpdate,
  redemptionOptimisticVersion,
  checkThenDecrement,
  readModifyWrite,
  purchaseSelectForUpdate,
  purchaseOptimisticVersion,
  conditionalUpdate,
  checkConstraint,
  checkBoth,
  lockBoth,
]
