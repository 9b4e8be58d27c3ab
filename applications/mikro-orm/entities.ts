import { defineEntity, p, type InferEntity } from '@mikro-orm/core'
import type { EngineName } from '../../harness/index.ts'

export const Coupon = defineEntity({
  name: 'Coupon',
  tableName: 'coupon',
  properties: {
    id: p.integer().primary(),
    code: p.string().length(20).unique(),
    active: p.boolean(),
    cap: p.integer().nullable(),
    /** How many times it was redeemed: what makes a redemption a change of the coupon. */
    redeemed: p.integer(),
    version: p.integer().version(),
  },
})

export const Redemption = defineEntity({
  name: 'Redemption',
  tableName: 'redemption',
  properties: {
    id: p.integer().primary().autoincrement(),
    couponId: p.integer(),
    userId: p.integer(),
  },
})

export type Coupon = InferEntity<typeof Coupon>

const columns = [
  'ALTER TABLE coupon ADD COLUMN redeemed INT NOT NULL DEFAULT 0',
  'ALTER TABLE coupon ADD COLUMN version INT NOT NULL DEFAULT 1',
]
const id = 'ALTER TABLE redemption ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY'

/** What the entities have beyond the workload's tables. */
export const schema = {
  postgres: [...columns, 'ALTER TABLE redemption ADD COLUMN id SERIAL PRIMARY KEY'],
  mysql: [...columns, id],
  mariadb: [...columns, id],
} satisfies Record<EngineName, readonly string[]>
