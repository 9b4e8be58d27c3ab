import type { EngineName } from '../../harness/index.ts'

/** What `prisma db push` makes of the models, beyond the workload's tables. */
const id = {
  postgres: ['ALTER TABLE redemption ADD COLUMN id SERIAL PRIMARY KEY'],
  mysql: ['ALTER TABLE redemption ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY'],
  mariadb: ['ALTER TABLE redemption ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY'],
} as const satisfies Record<EngineName, readonly string[]>

const withMore = (more: string): Record<EngineName, readonly string[]> => ({
  postgres: [...id.postgres, more],
  mysql: [...id.mysql, more],
  mariadb: [...id.mariadb, more],
})

/** `@@index([userId, couponId])` */
export const withIndex = withMore(
  'CREATE INDEX redemption_user_coupon ON redemption (user_id, coupon_id)',
)

/** `@@unique([userId, couponId])` */
export const withUnique = withMore(
  'CREATE UNIQUE INDEX redemption_user_coupon ON redemption (user_id, coupon_id)',
)
