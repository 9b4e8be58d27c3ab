import fc from 'fast-check'
import type { Rush } from '../workload.ts'
import type { Purchase, Restock, StockState } from './stock.ts'

/** As in tspace-mysql's manual, "Race Condition": stock for two thirds of what is asked for. */
const stockPerClient = 10

export const stockRush = {
  summary: 'All buy the same product, each user some of it.',
  words: { unit: ['item', 'items'], left: 'in stock', done: 'bought' },
  supplyFor: (clients) => stockPerClient * clients,
  quantity: { min: 1, max: 30 },
  start({ clients, supply, quantity, seed }) {
    // Without its bias towards small numbers, which is for finding faults.
    const quantities = fc.sample(fc.noBias(fc.integer(quantity)), { seed, numRuns: clients })
    return {
      initial: { product: [{ id: 1, stock: supply }], purchase: [] },
      commands: quantities.map((wanted, index) => ({
        kind: 'purchase',
        userId: index + 1,
        productId: 1,
        quantity: wanted,
      })),
    }
  },
  quantityOf: (command) => command.quantity,
  left: ({ product }) => product[0]?.stock ?? 0,
  handedOut: ({ purchase }) => ({
    rows: purchase.length,
    quantity: purchase.reduce((total, { quantity }) => total + quantity, 0),
  }),
} as const satisfies Rush<StockState, Purchase | Restock>
