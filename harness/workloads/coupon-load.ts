import type { Contention, LoadProfile } from '../workload.ts'
import type { CouponState, Redeem } from './coupons.ts'
import { idsOfLoad, rowPicker } from './spread.ts'

/**
 * Redemptions of each coupon that are there already. With an empty table the planner would read all of
 * it, and keep to that while it grows.
 */
const earlierUsers = 10
/** Of so many pairs of commands, one is a user who has clicked twice. */
const pairsPerDoubleClick = 10

const summaries = {
  hot: 'All redeem the same coupon; one command in 20 comes a second time.',
  spread: 'Each redeems any of 1,000 coupons; one command in 20 comes a second time.',
} satisfies Record<Contention, string>

/**
 * Redemptions by ever new users; but now and then two clients have the same one at about the same time,
 * as otherwise no user could redeem twice. There is no cap: strategies that count the redemptions would
 * become slower with each, and their figures would depend on how long they were measured.
 */
export const couponsFor = (contention: Contention): LoadProfile<CouponState, Redeem> => ({
  summary: summaries[contention],
  beyond: {
    'redemptions-within-cap': 'No coupon of this load has a cap.',
    'no-redemption-after-deactivation': 'No coupon is deactivated in this load.',
  },
  start(seed) {
    const pick = rowPicker(contention, seed)
    return {
      initial: {
        coupon: idsOfLoad.map((id) => ({ id, code: `C${id}`, active: true, cap: null })),
        redemption: idsOfLoad.flatMap((coupon_id) =>
          Array.from({ length: earlierUsers }, (_, user) => ({ coupon_id, user_id: user + 1 })),
        ),
      },
      command(number) {
        const visitor = visitorOf(number)
        return { kind: 'redeem', userId: earlierUsers + 1 + visitor, code: `C${pick(visitor)}` }
      },
    }
  },
})

/** The same for both commands of a pair that is a double click. */
function visitorOf(number: number): number {
  const pair = Math.floor(number / 2)
  return pair % pairsPerDoubleClick === 0 ? pair * 2 : number
}

export const couponLoad = { hot: couponsFor('hot'), spread: couponsFor('spread') }
