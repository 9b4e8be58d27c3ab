import fc from 'fast-check'
import { z } from 'zod'
import type { Workload } from '../workload.ts'
import { couponRush } from './coupon-rush.ts'
import { couponLoad } from './coupon-load.ts'
import {
  couponArbitrary,
  couponInvariants,
  couponTables,
  deactivate,
  deactivateArbitrary,
  deactivateHandler,
  deactivateModel,
  describeCoupons,
  redeem,
  redeemArbitrary,
  redeemModel,
  tables,
  type CouponState,
  type Deactivate,
  type Redeem,
} from './coupons.ts'

const one = (cap: number | null): CouponState => ({
  coupon: [{ id: 1, code: 'C1', active: true, cap }],
  redemption: [],
})

const redeemBy = (userId: number): Redeem => ({ kind: 'redeem', userId, code: 'C1' })

/** Users redeem coupons, and coupons are withdrawn. */
export const redemption: Workload<CouponState, Redeem | Deactivate, Redeem> = {
  name: 'redemption',
  summary: 'Users redeem coupons, once each and up to a cap; coupons are deactivated.',
  tables,
  schema: {
    state: z.strictObject(couponTables),
    command: z.discriminatedUnion('kind', [redeem, deactivate]),
  },
  arbitrary: {
    state: couponArbitrary.map((coupon) => ({ coupon, redemption: [] })),
    command: fc.oneof(
      { withCrossShrink: true },
      { arbitrary: redeemArbitrary, weight: 4 },
      { arbitrary: deactivateArbitrary, weight: 1 },
    ),
  },
  scenarios: [
    {
      name: 'same-user',
      summary: 'One user redeems the same coupon several times at once.',
      start: (actors) => ({
        initial: one(null),
        actors: Array.from({ length: actors }, () => [redeemBy(1)]),
      }),
    },
    {
      name: 'last-redemption',
      summary: 'Several users redeem a coupon that has one redemption left.',
      start: (actors) => ({
        initial: one(1),
        actors: Array.from({ length: actors }, (_, index) => [redeemBy(index + 1)]),
      }),
    },
    {
      name: 'withdrawn',
      summary: 'Users redeem a coupon while the last actor deactivates it.',
      start: (actors) => ({
        initial: one(null),
        actors: Array.from({ length: actors }, (_, index) =>
          index === actors - 1 ? [{ kind: 'deactivate', code: 'C1' }] : [redeemBy(index + 1)],
        ),
      }),
    },
  ],
  model: (state, command) =>
    command.kind === 'redeem' ? redeemModel(state, command) : deactivateModel(state, command),
  load: couponLoad,
  rush: couponRush,
  invariants: couponInvariants((command) => (command.kind === 'redeem' ? command : undefined)),
  handlers: { deactivate: deactivateHandler },
  describe: (command) =>
    command.kind === 'redeem'
      ? describeCoupons.redeem(command)
      : describeCoupons.deactivate(command),
}
