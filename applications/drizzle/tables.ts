import { boolean, integer, pgTable, varchar } from 'drizzle-orm/pg-core'

export const coupon = pgTable('coupon', {
  id: integer().primaryKey(),
  code: varchar({ length: 20 }).notNull().unique(),
  active: boolean().notNull(),
  cap: integer(),
})

export const redemption = pgTable('redemption', {
  couponId: integer('coupon_id').notNull(),
  userId: integer('user_id').notNull(),
})
