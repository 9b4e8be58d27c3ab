import { defineStrategy, purchase } from '../../harness/index.ts'
import { companionOf } from './companion.ts'
import { buy } from './select-for-update.ts'
import { lockProduct } from './steps.ts'

/**
 * lock-two-products, with the locks taken in the order of the ids, whichever product is bought: nobody
 * who waits holds what another one ahead of it needs, so there is no circle to wait in.
 * Source: Havender, "Avoiding deadlock in multitasking systems", IBM Systems Journal 1968.
 */
export default defineStrategy({
  name: 'lock-two-products-ordered',
  workload: purchase,
  summary: 'Locks the product that is bought and its companion, the lower id first.',
  execute: (session, command) =>
    session.transaction(async (tx) => {
      const { productId } = command
      const ids = [productId, companionOf(productId)].toSorted((one, other) => one - other)
      for (const id of ids) await lockProduct(tx, id)
      return buy(tx, command)
    }),
})
