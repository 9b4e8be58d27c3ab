import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Lane } from '../databases/engine.ts'
import { explore } from '../explore.ts'
import { ok, rejected } from '../reply.ts'
import { openLane } from '../testing/lane.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import { explorers } from './index.ts'

const checkThenTake = purchaseStrategy('check-then-take', (session, { productId, quantity }) =>
  session.transaction(async (tx) => {
    const [product] = await tx.sql`SELECT stock FROM product WHERE id = ${productId}`
    if (!product || product.stock < quantity) return rejected('not enough stock')
    await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
    return ok()
  }),
)

/** Waits for nobody, so that nothing is left to the database. */
const looksTwice = purchaseStrategy('looks-twice', async ({ sql }, { productId }) => {
  await sql`SELECT stock FROM product WHERE id = ${productId}`
  await sql`SELECT stock FROM product WHERE id = ${productId}`
  return ok()
})

describe('against a real database', () => {
  let lane: Lane
  beforeAll(async () => {
    lane = await openLane()
  })
  afterAll(() => lane?.close())

  for (const explorer of explorers.filter(({ kind }) => kind === 'sampling')) {
    test(`${explorer.name} finds a race, and what it finds becomes as small as can be`, async () => {
      const found = await explore({ lane, strategy: checkThenTake, explorer, seed: 3 })
      expect(found.verdict).toBe('violated')
      if (found.verdict !== 'violated') return
      const { actors, steps, contextSwitches, replays } = found.counterexample
      expect({ actors, steps, contextSwitches }).toEqual({
        actors: 2,
        steps: 8,
        contextSwitches: 2,
      })
      expect(replays).toEqual({ reproduced: 10, of: 10 })
    })

    test(`${explorer.name} goes the same way with the same seed`, async () => {
      const runs: string[][] = []
      for (const orders of [[], []] as string[][]) {
        runs.push(orders)
        await explore({
          lane,
          strategy: looksTwice,
          explorer,
          seed: 5,
          schedules: 20,
          onRun: ({ choices }) => orders.push(choices.map(({ chosen }) => chosen).join('')),
        })
      }
      expect(runs[0]).toEqual(runs[1])
      expect(new Set(runs[0]).size).toBeGreaterThan(10)
    })
  }
})
