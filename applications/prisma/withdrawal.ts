import { redemption } from '../../harness/index.ts'

type CouponInvariant = (typeof redemption.invariants)[number]

/**
 * What `no-redemption-after-deactivation` does not ask for: that nobody who is still at it when a coupon is
 * withdrawn redeems it afterwards. Some serial order explains such a redemption, as it may as well have come
 * first; but whoever has seen the coupon withdrawn, and counted its redemptions, has counted too few.
 */
const noneOnceWithdrawn: CouponInvariant = {
  name: 'no-redemption-once-withdrawn',
  summary: 'Once it was committed that a coupon is not active, no redemption of it is added.',
  check({ initial, committed, final }) {
    const states = [initial, ...committed, final]
    for (const [index, after] of states.entries()) {
      const before = states[index - 1]
      for (const { id, code, active } of before?.coupon ?? []) {
        const [had, has] = [before, after].map(
          (state) => state?.redemption.filter(({ coupon_id }) => coupon_id === id).length ?? 0,
        )
        if (active || has === had) continue
        return `${code} was withdrawn with ${had} of its redemptions committed, and then there were ${has}.`
      }
    }
    return undefined
  },
}

/** Redemptions, with a withdrawal that is final. */
export const withdrawal = {
  ...redemption,
  name: 'withdrawal',
  summary: 'Users redeem coupons, and what is withdrawn is withdrawn.',
  invariants: [...redemption.invariants, noneOnceWithdrawn],
} satisfies typeof redemption
