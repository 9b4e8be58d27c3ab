import type { Strategy } from '../harness/index.ts'
import checkBoth from './checkout/check-both.ts'
import lockBoth from './checkout/lock-both.ts'
import purchaseAdvisoryLock from './purchase/advisory-lock.ts'
import checkConstraint from './purchase/check-constraint.ts'
import checkThenDecrement from './purchase/check-then-decrement.ts'
import conditionalUpdate from './purchase/conditional-update.ts'
import forShareThenUpdate from './purchase/for-share-then-update.ts'
import lockTwoProducts from './purchase/lock-two-products.ts'
import lockTwoProductsOrdered from './purchase/lock-two-products-ordered.ts'
import missingTransaction from './purchase/missing-transaction.ts'
import optimisticStock from './purchase/optimistic-stock.ts'
import purchaseOptimisticVersion from './purchase/optimistic-version.ts'
import orderThenDecrement from './purchase/order-then-decrement.ts'
import readModifyWrite from './purchase/read-modify-write.ts'
import repeatableReadRetry from './purchase/repeatable-read-retry.ts'
import reservation from './purchase/reservation.ts'
import reservationCheckThenConfirm from './purchase/reservation-check-then-confirm.ts'
import purchaseSelectForUpdate from './purchase/select-for-update.ts'
import selectForUpdateNowait from './purchase/select-for-update-nowait.ts'
import purchaseSerializableRetry from './purchase/serializable-retry.ts'
import skipLocked from './purchase/skip-locked.ts'
import staleRetry from './purchase/stale-retry.ts'
import swallowedError from './purchase/swallowed-error.ts'
import redemptionAdvisoryLock from './redemption/advisory-lock.ts'
import advisoryLockReleasedEarly from './redemption/advisory-lock-released-early.ts'
import appMutex from './redemption/app-mutex.ts'
import autocommit from './redemption/autocommit.ts'
import capCounter from './redemption/cap-counter.ts'
import checkThenInsert from './redemption/check-then-insert.ts'
import forShareThenInsert from './redemption/for-share-then-insert.ts'
import insertIgnore from './redemption/insert-ignore.ts'
import insertWhereNotExists from './redemption/insert-where-not-exists.ts'
import lockMissingRow from './redemption/lock-missing-row.ts'
import lockOnOtherConnection from './redemption/lock-on-other-connection.ts'
import redemptionOptimisticVersion from './redemption/optimistic-version.ts'
import redemptionSelectForUpdate from './redemption/select-for-update.ts'
import selectForUpdateAfterRead from './redemption/select-for-update-after-read.ts'
import redemptionSerializableRetry from './redemption/serializable-retry.ts'
import uniqueConstraint from './redemption/unique-constraint.ts'
import upsert from './redemption/upsert.ts'

/** Every strategy, by workload. A test sees to it that no file is forgotten. */
export const strategies: readonly Strategy[] = [
  checkThenInsert,
  autocommit,
  insertWhereNotExists,
  uniqueConstraint,
  insertIgnore,
  upsert,
  capCounter,
  redemptionSelectForUpdate,
  selectForUpdateAfterRead,
  forShareThenInsert,
  lockMissingRow,
  lockOnOtherConnection,
  redemptionOptimisticVersion,
  redemptionSerializableRetry,
  redemptionAdvisoryLock,
  advisoryLockReleasedEarly,
  appMutex,
  checkThenDecrement,
  readModifyWrite,
  conditionalUpdate,
  checkConstraint,
  purchaseSelectForUpdate,
  selectForUpdateNowait,
  skipLocked,
  forShareThenUpdate,
  missingTransaction,
  swallowedError,
  lockTwoProducts,
  lockTwoProductsOrdered,
  purchaseOptimisticVersion,
  optimisticStock,
  repeatableReadRetry,
  purchaseSerializableRetry,
  staleRetry,
  purchaseAdvisoryLock,
  reservation,
  reservationCheckThenConfirm,
  orderThenDecrement,
  checkBoth,
  lockBoth,
]
