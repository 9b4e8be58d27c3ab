import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  byName,
  defineStrategy,
  engines,
  ok,
  purchase,
  rejected,
  type IsolationLevel,
  type Lane,
} from '../harness/index.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { catalogue, type StrategyId } from '../strategies/index.ts'
import { cellsOf, describeCell, type Platform } from './cells.ts'
import { outcomesOf, searchBothWays, type Found } from './reduction.ts'

/** A scenario, which strategy does it, how many actors there are, and whether statements stop inside. */
type Row = readonly [StrategyId, scenario: string, actors: 2 | 3, grain?: 'phase']

/** Small enough to be searched in full: a few hundred schedules each, with a few exceptions. */
const trials: readonly (readonly [Platform, IsolationLevel, readonly Row[]])[] = [
  [
    'postgres',
    'read-committed',
    [
      ['redemption/check-then-insert', 'same-user', 2],
      ['redemption/autocommit', 'last-redemption', 2],
      ['redemption/insert-where-not-exists', 'same-user', 2],
      ['redemption/unique-constraint', 'last-redemption', 2],
      ['redemption/upsert', 'same-user', 2],
      ['redemption/cap-counter', 'last-redemption', 2],
      ['redemption/lock-missing-row', 'same-user', 2],
      ['redemption/optimistic-version', 'same-user', 2],
      ['redemption/advisory-lock-released-early', 'same-user', 2],
      ['redemption/serializable-retry', 'same-user', 2],
      ['redemption/lock-on-other-connection', 'withdrawn', 2],
      ['purchase/select-for-update', 'two-products', 2],
      ['purchase/for-share-then-update', 'last-item', 2],
      ['purchase/lock-two-products', 'two-products', 2],
      ['purchase/missing-transaction', 'plenty', 2],
      ['purchase/stale-retry', 'last-item', 2],
      ['purchase/order-then-decrement', 'restocked', 3],
      ['purchase/conditional-update', 'restocked', 3],
      ['purchase/select-for-update', 'last-item', 3],
      ['redemption/unique-constraint', 'withdrawn', 3],
      ['redemption/select-for-update', 'withdrawn', 3],
      ['checkout/lock-both', 'same-user', 2],
      ['redemption/insert-where-not-exists', 'same-user', 2, 'phase'],
      ['purchase/lock-two-products', 'two-products', 2, 'phase'],
    ],
  ],
  [
    'postgres',
    'repeatable-read',
    [
      ['redemption/check-then-insert', 'same-user', 2],
      ['redemption/select-for-update', 'same-user', 2],
      ['redemption/unique-constraint', 'same-user', 2],
      ['purchase/advisory-lock', 'last-item', 2],
      ['purchase/read-modify-write', 'last-item', 2],
      ['purchase/optimistic-stock', 'two-products', 2],
    ],
  ],
  [
    'postgres',
    'serializable',
    [
      ['redemption/check-then-insert', 'same-user', 2],
      ['purchase/select-for-update', 'two-products', 2],
      ['purchase/missing-transaction', 'restocked', 2],
    ],
  ],
  [
    'mysql',
    'repeatable-read',
    [
      ['redemption/autocommit', 'same-user', 2],
      ['redemption/insert-ignore', 'same-user', 2],
      ['redemption/insert-where-not-exists', 'same-user', 2],
      ['purchase/advisory-lock', 'last-item', 2],
      ['purchase/read-modify-write', 'last-item', 2],
      ['purchase/lock-two-products', 'two-products', 2],
      ['purchase/for-share-then-update', 'last-item', 2],
      ['redemption/select-for-update', 'withdrawn', 3],
    ],
  ],
  [
    'mysql',
    'read-uncommitted',
    [
      ['purchase/check-then-decrement', 'last-item', 2],
      ['redemption/unique-constraint', 'same-user', 2],
    ],
  ],
  [
    'mysql',
    'serializable',
    [
      ['redemption/insert-where-not-exists', 'same-user', 2],
      ['purchase/select-for-update', 'plenty', 2],
    ],
  ],
  [
    'mariadb',
    'repeatable-read',
    [
      ['redemption/upsert', 'same-user', 2],
      ['redemption/cap-counter', 'same-user', 2],
      ['redemption/select-for-update', 'withdrawn', 2],
      ['purchase/select-for-update', 'two-products', 2],
      ['purchase/for-share-then-update', 'plenty', 2],
      ['purchase/order-then-decrement', 'last-item', 2],
    ],
  ],
  [
    'mariadb with snapshot isolation',
    'repeatable-read',
    [
      ['redemption/cap-counter', 'same-user', 2],
      ['purchase/check-then-decrement', 'last-item', 2],
      ['purchase/optimistic-version', 'plenty', 2],
      ['purchase/advisory-lock', 'last-item', 2],
    ],
  ],
  [
    'mariadb',
    'read-committed',
    [
      ['redemption/lock-missing-row', 'withdrawn', 2],
      ['purchase/lock-two-products', 'two-products', 2],
    ],
  ],
]

/** Schedules of the full searches, and of the reduced ones, by number of actors. */
const totals = new Map<number, { full: number; few: number }>()
const lines: string[] = []

/** Shown whatever the reporter. */
afterAll(() => {
  for (const [actors, { full, few }] of totals) {
    lines.push(`${actors} actors: ${describeFactor(full, few)}`)
  }
  if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`)
})

const describeFactor = (full: number, few: number): string =>
  `${few} schedules instead of ${full}, ${(full / few).toFixed(1)} times fewer`

const postgres = byName('database', engines, 'postgres')

for (const [platform, isolation, ofCell] of trials) {
  const cell = cellsOf(platform).find((each) => each.isolation === isolation)
  if (!cell) throw new Error(`${platform} has no ${isolation}`)
  const engine = byName('database', engines, cell.engine)
  const missing = whyMissing(engine)

  describe.skipIf(missing !== undefined)(`a reduced search on ${describeCell(cell)}`, () => {
    let lane: Lane
    beforeAll(async () => {
      lane = await openLaneAt(cell, engine)
    })
    afterAll(() => lane?.close())

    for (const [id, scenario, actors, grain = 'statement'] of ofCell) {
      const inside = grain === 'phase' ? ', with stops inside' : ''
      const name = `${id}, ${scenario}, ${actors} actors${inside}`
      test(`finds all that can come of ${name}`, async () => {
        const strategy = catalogue[id]
        const { full, few } = await searchBothWays(lane, { strategy, scenario, actors, grain })
        expectSame(full, few)
        const total = totals.get(actors) ?? { full: 0, few: 0 }
        totals.set(actors, {
          full: total.full + full.schedules,
          few: total.few + few.schedules,
        })
        lines.push(
          `${describeCell(cell)}, ${name}: ${describeFactor(full.schedules, few.schedules)}`,
        )
      })
    }
  })
}

function expectSame(full: Found, few: Found): void {
  expect(outcomesOf(few)).toEqual(outcomesOf(full))
  // More than was asked: every class, and in each there is nothing to choose from. Where several waited
  // at once, the database may choose, and there can be more classes in one search than in the other.
  expect(classesWithoutQueue(few)).toEqual(classesWithoutQueue(full))
  for (const [id, outcomes] of full.classes) {
    if (!full.queued.has(id)) expect([...outcomes]).toHaveLength(1)
  }
  expect(few.schedules).toBeLessThanOrEqual(full.schedules)
}

const classesWithoutQueue = ({ classes, queued }: Found): string[] =>
  [...classes.keys()].filter((id) => !queued.has(id)).toSorted()

describe.skipIf(whyMissing(postgres) !== undefined)('what actors of one process share', () => {
  /** Counts in the memory of its process, as one does who reads, and writes later. A and C share one. */
  const remembering = defineStrategy({
    name: 'remembering',
    workload: purchase,
    summary: 'Counts in the memory of its process.',
    async execute(session, { userId }) {
      const { memory } = session.process
      const counted = () => Number(memory.get('count') ?? 0)
      await session.sql`SELECT 1`
      if (userId === 2) return ok()
      const seen = counted()
      await session.sql`SELECT 2`
      memory.set('count', seen + 1)
      await session.sql`SELECT 3`
      return rejected(`counted ${counted()}`)
    },
  })

  test('is known to a reduced search', async () => {
    const lane = await openLaneAt({ isolation: 'read-committed' }, postgres)
    try {
      const trial = { strategy: remembering, scenario: 'plenty', actors: 3 }
      const { full, few } = await searchBothWays(lane, trial)
      expectSame(full, few)
      expect(full.schedules).toBe(140)
      expect(few.schedules).toBeLessThan(140)
      expect(outcomesOf(full).join()).toContain('counted 2')
    } finally {
      await lane.close()
    }
  })
})

test('there are trials enough, on every engine, and with three actors', () => {
  const all = trials.flatMap(([platform, , ofCell]) =>
    ofCell.map(([, , actors]) => ({ platform, actors })),
  )
  expect(all.length).toBeGreaterThanOrEqual(30)
  expect(new Set(all.map(({ platform }) => platform)).size).toBe(4)
  expect(all.filter(({ actors }) => actors === 3).length).toBeGreaterThan(3)
})

test('with three actors, five times fewer schedules are enough', () => {
  const three = totals.get(3)
  if (three) expect(three.full / three.few).toBeGreaterThan(5)
})
