import { describe, expect, test } from 'vitest'
import { purchase } from '../workloads/purchase.ts'
import { explored, lostUpdate } from './fixtures/lost-update.ts'
import { renderReplay, type Replayed } from './replay.ts'

const { workload, strategy, database, isolation } = explored
const { invariant, plan, run, message } = lostUpdate
const where = {
  workload,
  strategy,
  database,
  isolation,
  grain: 'statement',
  invariant,
  plan,
} as const

/** The text down to where the data begin, which is as in every report. */
const beginning = (replayed: Replayed): string =>
  `\n${renderReplay(purchase, replayed).split('\nBefore:')[0]}`

describe('a replay', () => {
  test('in which it happened again shows what broke, and the run', () => {
    const replayed: Replayed = {
      ...where,
      verdict: 'violated',
      record: run,
      violations: [{ invariant, message }],
    }
    expect(`\n${renderReplay(purchase, replayed)}\n`).toMatchInlineSnapshot(`
      "
      VIOLATED  purchase/read-modify-write on PostgreSQL 18.4 (embedded), read-committed
        stock-conserved: Product 1 had 2, 0 were restocked and 0 sold, so 2 should be left, and 1 are:
        product(id 1, stock 1); no row in purchase.

      2 actors, 4 steps, 2 context switches

      Before:
        product   id 1, stock 2
                  id 2, stock 0
        purchase  (no rows)

      step  A                                               B
            purchase(user 1, 1 of product 1):
         1  SELECT stock FROM product WHERE id = 1
            → stock 2
                                                            purchase(user 2, 1 of product 1):
         2                                                  SELECT stock FROM product WHERE id = 1
                                                            → stock 2
         3                                                  UPDATE product SET stock = 1 WHERE id = 1
                                                            → 1 written
                                                            = ok
         4  UPDATE product SET stock = 1 WHERE id = 1
            → 1 written
            = ok

      After:
        product   id 1, stock 1
                  id 2, stock 0
        purchase  (no rows)
      "
    `)
  })

  test('in which something else happened says that this did not', () => {
    const violations = [{ invariant: 'stock-never-negative', message: 'Stock is below zero.' }]
    expect(beginning({ ...where, verdict: 'holds', record: run, violations }))
      .toMatchInlineSnapshot(`
      "
      HOLDS  purchase/read-modify-write on PostgreSQL 18.4 (embedded), read-committed
        stock-conserved was not broken this time.
        stock-never-negative: Stock is below zero.

      2 actors, 4 steps, 2 context switches
      "
    `)
  })

  test('that could not be followed says why, and shows no run', () => {
    const reason = 'The replay ended after 3 of the 8 steps that were recorded.'
    expect(beginning({ ...where, verdict: 'inconclusive', reason, fault: 'harness' }))
      .toMatchInlineSnapshot(`
      "
      INCONCLUSIVE  purchase/read-modify-write on PostgreSQL 18.4 (embedded), read-committed
        The replay ended after 3 of the 8 steps that were recorded."
    `)
  })
})
