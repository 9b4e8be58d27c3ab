import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Coverage, classOf, leastOrder } from './coverage.ts'
import { exhaustive } from './explorers/exhaustive.ts'
import { runOnDatabase, type DatabaseProgram } from './explorers/fixtures/simulated-database.ts'
import type { Setting } from './footprints/setting.ts'
import { TransitionReader } from './footprints/transitions.ts'
import type { History } from './history.ts'
import type { Plan } from './plan.ts'

const schema = ['CREATE TABLE t (a INT)', 'CREATE TABLE u (a INT)']
const setting: Setting = { engine: 'postgres', isolation: 'read-committed', schema }

const planOf = (id: number): Plan => ({
  initial: { t: [{ id }] },
  actors: [[{ kind: 'a' }]],
  schedule: [],
  attempts: 3,
})
const plan = planOf(1)

/** A history with these statements, each outside a transaction. */
const historyOf = (...steps: readonly (readonly [actor: number, text: string])[]): History =>
  steps.flatMap(([actor, text], index) => {
    const step = index + 1
    const request = { kind: 'statement', statement: { parts: [text], params: [] } } as const
    return [
      { kind: 'sent', actor, step, request },
      { kind: 'completed', actor, step, rows: [], affectedRows: 0, transaction: 'none' },
    ] as const
  })

const begin = 'SELECT 1'
const readT = 'SELECT a FROM t'
const writeT = 'UPDATE t SET a = 1'
const writeU = 'UPDATE u SET a = 1'

describe('the class of a run', () => {
  const idOf = (history: History, of = plan) => classOf(of, history, setting)

  test('is the same for one that differs in the order of steps that commute', () => {
    const one = historyOf([0, begin], [1, begin], [0, readT], [1, readT])
    const other = historyOf([1, begin], [1, readT], [0, begin], [0, readT])
    expect(idOf(one)).toBe(idOf(other))
  })

  test('is another one for one that differs in the order of steps that do not', () => {
    const one = historyOf([0, begin], [1, begin], [0, readT], [1, writeT])
    const other = historyOf([0, begin], [1, begin], [1, writeT], [0, readT])
    expect(idOf(one)).not.toBe(idOf(other))
  })

  test('is another one for other data or commands, and the same whatever the schedule was', () => {
    const history = historyOf([0, readT])
    expect(idOf(history, planOf(2))).not.toBe(idOf(history))
    expect(idOf(history, { ...plan, actors: [[{ kind: 'b' }]] })).not.toBe(idOf(history))
    expect(idOf(history, { ...plan, schedule: [1, 2] })).toBe(idOf(history))
    const faults = [{ actor: 0, step: 0, kind: 'client-dies' } as const]
    expect(idOf(history, { ...plan, faults })).not.toBe(idOf(history))
    expect(idOf(history, { ...plan, faults: [] })).toBe(idOf(history))
  })

  test('is known by the least order of its steps', () => {
    const history = historyOf(
      [1, begin],
      [2, readT],
      [1, writeU],
      [0, begin],
      [2, writeT],
      [0, readT],
    )
    const order = leastOrder(new TransitionReader(setting).read(history))
    // A read after a write of the same table, and a commit after the one before it.
    expect(order).toEqual([0, 1, 1, 2, 2, 0])
  })

  const operations = fc.array(
    fc.record({ kind: fc.constantFrom('read', 'lock', 'write'), table: fc.constantFrom('x', 'y') }),
    { minLength: 1, maxLength: 2 },
  )
  const programs: fc.Arbitrary<DatabaseProgram> = fc
    .tuple(operations, operations)
    .map((actors) => actors.map((each) => [each]))

  test('has for its least order one of the orders that can be', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const search = exhaustive.search()
        const orders = new Set<string>()
        const least = new Set<string>()
        for (let choose = search.next(); choose; choose = search.next()) {
          const { order, history } = runOnDatabase(program, 'read-committed', choose)
          orders.add(order.join())
          least.add(leastOrder(new TransitionReader(setting).read(history)).join())
        }
        expect(least.isSubsetOf(orders)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})

describe('coverage', () => {
  const seen = (...ids: readonly number[]): Coverage => {
    const coverage = new Coverage(setting)
    for (const id of ids) coverage.add(planOf(id), historyOf([0, readT]))
    return coverage
  }

  test('estimates what is left by what was seen once', () => {
    expect(seen(1, 2, 2, 3, 3, 3, 4, 2).summary('drawn')).toMatchObject({
      schedules: 8,
      classes: 4,
      singletons: 2,
      unseen: 2 / 8,
    })
  })

  test('of nothing leaves everything', () => {
    const expected = { schedules: 0, classes: 0, singletons: 0, unseen: 1, unseenAtMost: 1 }
    expect(seen().summary('drawn')).toEqual(expected)
  })

  test('of all schedules leaves nothing, however often each class was seen', () => {
    const expected = { schedules: 3, classes: 3, singletons: 3, unseen: 0, unseenAtMost: 0 }
    expect(seen(1, 2, 3).summary('exhausted')).toEqual(expected)
  })

  test('of an enumeration that has not ended is not estimated', () => {
    const expected = { schedules: 3, classes: 2, singletons: 1 }
    expect(seen(1, 2, 2).summary('enumerated')).toEqual(expected)
  })

  test('says how wrong the estimate may be', () => {
    const { unseen, unseenAtMost } = seen(...Array.from({ length: 10_000 }, () => 1)).summary(
      'drawn',
    )
    expect(unseen).toBe(0)
    // (2√2 + √3) · √(ln(3 / 0.05) / 10000)
    expect(unseenAtMost).toBeCloseTo(0.0923, 4)
    expect(seen(1, 1).summary('drawn').unseenAtMost).toBe(1)
  })

  test('is hardly ever more than it says', () => {
    // Zipf's law over 60 classes, so that some are rare.
    const weights = Array.from({ length: 60 }, (_, index) => 1 / (index + 1))
    const total = weights.reduce((sum, each) => sum + each, 0)
    const draw = (number: number): number => {
      let left = number * total
      return weights.findIndex((weight) => (left -= weight) <= 0)
    }
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true, noDefaultInfinity: true }), {
          minLength: 50,
          maxLength: 400,
        }),
        (numbers) => {
          const ids = numbers.map(draw)
          const missing = weights.reduce(
            (sum, each, id) => (ids.includes(id) ? sum : sum + each),
            0,
          )
          expect(missing / total).toBeLessThanOrEqual(
            seen(...ids).summary('drawn').unseenAtMost ?? 0,
          )
        },
      ),
      { numRuns: 20 },
    )
  })
})
