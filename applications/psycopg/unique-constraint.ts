import { defineCoupons } from './coupons.ts'

/** A unique index refuses the second one, and the program says so in its own words. */
export default defineCoupons('unique-constraint', 'insert', {
  summary: 'Python, psycopg: inserts, and maps the unique violation to "already redeemed".',
  schema: ['CREATE UNIQUE INDEX redemption_once ON redemption (coupon_id, user_id)'],
})
