import fc from 'fast-check'
import { z } from 'zod'
import type { Workload } from '../workload.ts'
import { stockRush } from './stock-rush.ts'
import { stockLoad } from './stock-load.ts'
import {
  describeStock,
  productArbitrary,
  purchase as purchaseSchema,
  purchaseArbitrary,
  purchaseModel,
  restock,
  restockArbitrary,
  restockHandler,
  restockModel,
  stockInvariants,
  stockTables,
  tables,
  type Purchase,
  type Restock,
  type StockState,
} from './stock.ts'

const one = (stock: number): StockState => ({ product: [{ id: 1, stock }], purchase: [] })

const purchaseBy = (userId: number): Purchase => ({
  kind: 'purchase',
  userId,
  productId: 1,
  quantity: 1,
})

/** Users buy products, and products are restocked. */
export const purchase: Workload<StockState, Purchase | Restock, Purchase> = {
  name: 'purchase',
  summary: 'Users buy products while there is stock; products are restocked.',
  tables,
  schema: {
    state: z.strictObject(stockTables),
    command: z.discriminatedUnion('kind', [purchaseSchema, restock]),
  },
  arbitrary: {
    state: productArbitrary.map((product) => ({ product, purchase: [] })),
    command: fc.oneof(
      { withCrossShrink: true },
      { arbitrary: purchaseArbitrary, weight: 4 },
      { arbitrary: restockArbitrary, weight: 1 },
    ),
  },
  scenarios: [
    {
      name: 'last-item',
      summary: 'Several users buy the last item of one product.',
      start: (actors) => ({
        initial: one(1),
        actors: Array.from({ length: actors }, (_, index) => [purchaseBy(index + 1)]),
      }),
    },
    {
      name: 'plenty',
      summary: 'Several users buy one item each of a product with enough for all.',
      start: (actors) => ({
        initial: one(actors),
        actors: Array.from({ length: actors }, (_, index) => [purchaseBy(index + 1)]),
      }),
    },
    {
      name: 'restocked',
      summary: 'Users buy the last item while the last actor restocks.',
      start: (actors) => ({
        initial: one(1),
        actors: Array.from({ length: actors }, (_, index) =>
          index === actors - 1
            ? [{ kind: 'restock', productId: 1, quantity: 1 }]
            : [purchaseBy(index + 1)],
        ),
      }),
    },
    {
      name: 'two-products',
      summary: 'Users buy one item each, in turn of one product and of another.',
      start: (actors) => ({
        initial: {
          product: [
            { id: 1, stock: actors },
            { id: 2, stock: actors },
          ],
          purchase: [],
        },
        actors: Array.from({ length: actors }, (_, index) => [
          { ...purchaseBy(index + 1), productId: 1 + (index % 2) },
        ]),
      }),
    },
  ],
  model: (state, command) =>
    command.kind === 'purchase' ? purchaseModel(state, command) : restockModel(state, command),
  load: stockLoad,
  rush: stockRush,
  invariants: stockInvariants((command) => (command.kind === 'purchase' ? command : undefined)),
  handlers: { restock: restockHandler },
  describe: (command) =>
    command.kind === 'purchase' ? describeStock.purchase(command) : describeStock.restock(command),
}
