import type { Rush } from '../workload.ts'
import type { CouponState, Redeem } from './coupons.ts'

/**
 * So many clients for each redemption that the coupon allows. Every user comes twice, so half of them
 * could redeem it if there were no cap: either rule can be broken, and either refuses some.
 */
const clientsPerRedemption = 4

export const couponRush = {
  summary: 'All redeem the same coupon, which has a cap, each user twice.',
  words: { unit: ['redemption', 'redemptions'], left: 'to redeem', done: 'redeemed' },
  supplyFor: (clients) => Math.ceil(clients / clientsPerRedemption),
  start: ({ clients, supply }) => ({
    initial: { coupon: [{ id: 1, code: 'C1', active: true, cap: supply }], redemption: [] },
    // One after the other, as a double click comes.
    commands: Array.from({ length: clients }, (_, index) => ({
      kind: 'redeem',
      userId: Math.floor(index / 2) + 1,
      code: 'C1',
    })),
  }),
  quantityOf: () => 1,
  left: ({ coupon, redemption }) => (coupon[0]?.cap ?? 0) - redemption.length,
  handedOut: ({ redemption }) => ({ rows: redemption.length, quantity: redemption.length }),
} as const satisfies Rush<CouponState, Redeem>
