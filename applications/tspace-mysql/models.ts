import { Blueprint, Model, type T } from 'tspace-mysql'

const product = {
  id: Blueprint.int().notNull().primary(),
  stock: Blueprint.int().notNull(),
}

export class Product extends Model<T.Schema<typeof product>> {
  protected override boot(): void {
    this.useTable('product')
    this.useSchema(product)
  }
}

const purchase = {
  id: Blueprint.int().notNull().primary().autoIncrement(),
  user_id: Blueprint.int().notNull(),
  product_id: Blueprint.int().notNull(),
  quantity: Blueprint.int().notNull(),
}

export class Purchase extends Model<T.Schema<typeof purchase>> {
  protected override boot(): void {
    this.useTable('purchase')
    this.useSchema(purchase)
  }
}
