import type { Contention, LoadProfile } from '../workload.ts'
import { idsOfLoad, rowPicker } from './spread.ts'
import type { Purchase, Restock, StockState } from './stock.ts'

/** Of the product in which all clients meet, and of every other one. */
const hotStock = 1_000
const otherStock = 200
/**
 * One command in so many restocks what the others have bought, so that nothing runs out. Much stock from
 * the start would do too, but is dear where each unit has a row of its own.
 */
const restockEvery = 50

const summaries = {
  hot: 'All buy one of the same product, and one command in 50 restocks it.',
  spread: 'Each buys one of any of 1,000 products, and one command in 50 restocks one.',
} satisfies Record<Contention, string>

/** Purchases of one item each, by as many users. */
export const stockFor = (contention: Contention): LoadProfile<StockState, Purchase | Restock> => ({
  summary: summaries[contention],
  beyond: { 'stock-never-negative': 'There is more in stock than is asked for.' },
  start(seed) {
    const pick = rowPicker(contention, seed)
    return {
      initial: {
        product: idsOfLoad.map((id) => ({ id, stock: id === 1 ? hotStock : otherStock })),
        purchase: [],
      },
      command(number) {
        const productId = pick(number)
        return number % restockEvery === restockEvery - 1
          ? { kind: 'restock', productId, quantity: restockEvery }
          : { kind: 'purchase', userId: number + 1, productId, quantity: 1 }
      },
    }
  },
})

export const stockLoad = { hot: stockFor('hot'), spread: stockFor('spread') }
