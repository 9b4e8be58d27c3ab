import type { Strategy } from '../harness/index.ts'
import checkBoth from './checkout/check-both.ts'
import lockBoth from './checkout/lock-both.ts'
import purchaseAdvisoryLock from './purchase/advisory-lock.ts'
import checkConstraint from './purchase/check-constraint.ts'
import checkThenDecrement from './purchase/check-then-decrement.ts'
import conditionalUpdate from './purchase/conditional-update.ts'
import forShareThenUpdate from './purchase/for-share-then-update.ts'
import unfencedLease from './purchase/unfenced-lease.ts'
import idempotencyKey from './purchase/idempotency-key.ts'
import lockTwoProducts from './purchase/lock-two-products.ts'
import lockTwoProductsOrdered from './purchase/lock-two-products-ordered.ts'
import missingTransaction from './purchase/missing-transaction.ts'
import optimisticStock from './purchase/optimistic-stock.ts'
import naiveRetry from './purchase/naive-retry.ts'
import purchaseOptimisticVersion from './purchase/optimistic-version.ts'
import orderThenDecrement from './purchase/order-then-decrement.ts'
import readModifyWrite from './purchase/read-modify-write.ts'
import repeatableReadRetry from './purchase/repeatable-read-retry.ts'
import requestTable from './purchase/request-table.ts'
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

/** Every strategy, by workload and name. A test sees to it that no file is forgotten. */
export const catalogue = {
  'redemption/check-then-insert': checkThenInsert,
  'redemption/autocommit': autocommit,
  'redemption/insert-where-not-exists': insertWhereNotExists,
  'redemption/unique-constraint': uniqueConstraint,
  'redemption/insert-ignore': insertIgnore,
  'redemption/upsert': upsert,
  'redemption/cap-counter': capCounter,
  'redemption/select-for-update': redemptionSelectForUpdate,
  'redemption/select-for-update-after-read': selectForUpdateAfterRead,
  'redemption/for-share-then-insert': forShareThenInsert,
  'redemption/lock-missing-row': lockMissingRow,
  'redemption/lock-on-other-connection': lockOnOtherConnection,
  'redemption/optimistic-version': redemptionOptimisticVersion,
  'redemption/serializable-retry': redemptionSerializableRetry,
  'redemption/advisory-lock': redemptionAdvisoryLock,
  'redemption/advisory-lock-released-early': advisoryLockReleasedEarly,
  'redemption/app-mutex': appMutex,
  'purchase/check-then-decrement': checkThenDecrement,
  'purchase/read-modify-write': readModifyWrite,
  'purchase/conditional-update': conditionalUpdate,
  'purchase/check-constraint': checkConstraint,
  'purchase/select-for-update': purchaseSelectForUpdate,
  'purchase/select-for-update-nowait': selectForUpdateNowait,
  'purchase/skip-locked': skipLocked,
  'purchase/for-share-then-update': forShareThenUpdate,
  'purchase/missing-transaction': missingTransaction,
  'purchase/swallowed-error': swallowedError,
  'purchase/lock-two-products': lockTwoProducts,
  'purchase/lock-two-products-ordered': lockTwoProductsOrdered,
  'purchase/optimistic-version': purchaseOptimisticVersion,
  'purchase/optimistic-stock': optimisticStock,
  'purchase/repeatable-read-retry': repeatableReadRetry,
  'purchase/serializable-retry': purchaseSerializableRetry,
  'purchase/stale-retry': staleRetry,
  'purchase/advisory-lock': purchaseAdvisoryLock,
  'purchase/reservation': reservation,
  'purchase/reservation-check-then-confirm': reservationCheckThenConfirm,
  'purchase/order-then-decrement': orderThenDecrement,
  'purchase/unfenced-lease': unfencedLease,
  'purchase/naive-retry': naiveRetry,
  'purchase/idempotency-key': idempotencyKey,
  'purchase/request-table': requestTable,
  'checkout/check-both': checkBoth,
  'checkout/lock-both': lockBoth,
} as const satisfies Readonly<Record<string, Strategy>>

/** Workload and name of a strategy, as its file is called: `redemption/check-then-insert`. */
export type StrategyId = keyof typeof catalogue

export const strategyIds = Object.keys(catalogue) as readonly StrategyId[]

export const strategies: readonly Strategy[] = Object.values(catalogue)
