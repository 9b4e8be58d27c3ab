import { defineCoupons } from './coupons.ts'

/** The same race in another language: two requests can both look before either inserts. */
export default defineCoupons('check-then-insert', 'look', {
  summary: 'Python, psycopg: looks for an earlier redemption, then inserts one.',
})
