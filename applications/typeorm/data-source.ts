import { DataSource, EntitySchema } from 'typeorm'
import type { EngineName, StartOptions } from '../../harness/index.ts'

export interface Product {
  id: number
  stock: number
  version: number
}

export const Product = new EntitySchema<Product>({
  name: 'Product',
  tableName: 'product',
  columns: {
    id: { type: 'int', primary: true },
    stock: { type: 'int' },
    version: { type: 'int', version: true },
  },
})

export interface Purchase {
  id: number
  userId: number
  productId: number
  quantity: number
}

export const Purchase = new EntitySchema<Purchase>({
  name: 'Purchase',
  tableName: 'purchase',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    userId: { type: 'int', name: 'user_id' },
    productId: { type: 'int', name: 'product_id' },
    quantity: { type: 'int' },
  },
})

const version = 'ALTER TABLE product ADD COLUMN version INT NOT NULL DEFAULT 1'
const id = 'ALTER TABLE purchase ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY'

/** What the entities have beyond the workload's tables. */
export const schema = {
  postgres: [version, 'ALTER TABLE purchase ADD COLUMN id SERIAL PRIMARY KEY'],
  mysql: [version, id],
  mariadb: [version, id],
} as const satisfies Record<EngineName, readonly string[]>

/** A data source of one connection. What it asks its server once, it asks now. */
export const connect = ({ url, engine }: StartOptions): Promise<DataSource> =>
  new DataSource({ type: engine, url, entities: [Product, Purchase], poolSize: 1 }).initialize()
