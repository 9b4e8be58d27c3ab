import { defineApplication, ok, purchase, rejected } from '../../harness/index.ts'
import { connect, Product, Purchase, schema } from './data-source.ts'

/**
 * A version column looks as if it guarded the row. TypeORM counts it up in `save()`, and does not look whether
 * it is still the one that was read: the second save overwrites the first.
 */
export default defineApplication({
  name: 'typeorm-version-column',
  workload: purchase,
  summary: 'TypeORM: saves the product with its version, which nobody compares.',
  schema,
  actors: 'own',
  start: connect,
  stop: (source) => source.destroy(),
  execute: (source, { userId, productId, quantity }) =>
    source.transaction(async (manager) => {
      const product = await manager.findOne(Product, { where: { id: productId } })
      if (!product) return rejected('no such product')
      if (product.stock < quantity) return rejected('not enough stock')
      product.stock -= quantity
      await manager.save(Product, product)
      await manager.insert(Purchase, { userId, productId, quantity })
      return ok()
    }),
})
