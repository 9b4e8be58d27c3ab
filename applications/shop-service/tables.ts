import { integer, pgTable } from 'drizzle-orm/pg-core'

export const product = pgTable('product', {
  id: integer().primaryKey(),
  stock: integer().notNull(),
})

export const purchase = pgTable('purchase', {
  userId: integer('user_id').notNull(),
  productId: integer('product_id').notNull(),
  quantity: integer().notNull(),
})
