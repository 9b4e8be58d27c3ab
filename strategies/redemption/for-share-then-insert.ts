import { defineStrategy, ok, redemption, rejected, type EngineName } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { insertRedemption, refusal, type Coupon } from './steps.ts'

/**
 * Lock the coupon, but in the weaker mode, as it is only read. That keeps it from being deactivated
 * meanwhile; but any number of transactions can hold a share lock, so redemptions do not exclude each
 * other. Met as `lockForShare()`, `LockModeType.PESSIMISTIC_READ` and in every foreign key check.
 * Source: PostgreSQL manual, 13.3.2 "Row-Level Locks"; MySQL manual, "Locking Reads".
 */
export default defineStrategy({
  name: 'for-share-then-insert',
  workload: redemption,
  summary: "Takes a share lock on the coupon's row before it looks for earlier redemptions.",
  execute: (session, { userId, code }) =>
    session.transaction(async (tx) => {
      const [coupon] = await couponForShare[session.engine](tx, code)
      if (!coupon?.active) return rejected('no such coupon')
      const refused = await refusal(tx, coupon, userId)
      if (refused) return refused
      await insertRedemption(tx, coupon, userId)
      return ok()
    }),
})

type FindCoupon = (tx: Queryable, code: string) => Promise<readonly Coupon[]>

const forShare: FindCoupon = ({ sql }, code) =>
  sql<Coupon>`SELECT id, active, cap FROM coupon WHERE code = ${code} FOR SHARE`

const couponForShare = {
  postgres: forShare,
  mysql: forShare,
  mariadb: ({ sql }, code) =>
    sql<Coupon>`SELECT id, active, cap FROM coupon WHERE code = ${code} LOCK IN SHARE MODE`,
} satisfies Record<EngineName, FindCoupon>
