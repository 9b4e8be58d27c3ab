import mysql from 'mysql2'
import pg from 'pg'
import {
  DataTypes,
  Sequelize,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Model,
  type ModelStatic,
} from 'sequelize'
import type { StartOptions } from '../../harness/index.ts'

interface Product extends Model<InferAttributes<Product>, InferCreationAttributes<Product>> {
  id: number
  stock: number
}

interface Purchase extends Model<InferAttributes<Purchase>, InferCreationAttributes<Purchase>> {
  id: CreationOptional<number>
  user_id: number
  product_id: number
  quantity: number
}

export interface Shop {
  readonly sequelize: Sequelize
  readonly products: ModelStatic<Product>
  readonly purchases: ModelStatic<Purchase>
}

/** A new one for each column, as Sequelize writes the column's name into it. */
const int = () => ({ type: DataTypes.INTEGER, allowNull: false })

/** A connection, which stays; what Sequelize asks its server once, it has asked then. */
export async function connect({ url, engine }: StartOptions): Promise<Shop> {
  const sequelize = new Sequelize(url.replace(/^mariadb:/, 'mysql:'), {
    dialectModule: engine === 'postgres' ? pg : mysql,
    logging: false,
    pool: { min: 1, max: 1 },
    define: { timestamps: false, freezeTableName: true },
  })
  const products = sequelize.define<Product>('product', {
    id: { type: DataTypes.INTEGER, primaryKey: true },
    stock: int(),
  })
  const purchases = sequelize.define<Purchase>('purchase', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    user_id: int(),
    product_id: int(),
    quantity: int(),
  })
  await sequelize.authenticate()
  return { sequelize, products, purchases }
}

const id = ['ALTER TABLE purchase ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY']

/** What the models have beyond the workload's tables. */
export const schema = {
  postgres: ['ALTER TABLE purchase ADD COLUMN id SERIAL PRIMARY KEY'],
  mysql: id,
  mariadb: id,
}
