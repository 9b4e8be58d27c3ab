import { describe, expect, test } from 'vitest'
import { mysql } from '../databases/engines/mysql/index.ts'
import { postgres } from '../databases/engines/postgres/index.ts'
import { mariadb } from '../databases/engines/mariadb/index.ts'
import { isolationLevels, type IsolationLevel } from '../databases/isolation.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import { cellWith } from './fixtures/results.ts'
import { choosePlaces, pathOf, whyWithoutCost } from './places.ts'
import { ok } from '../reply.ts'

const strategy = purchaseStrategy('some', async () => Promise.resolve(ok()))
const strategies = [strategy, { ...strategy, name: 'other', engines: ['mysql'] as const }]

describe('the cells of a comparison', () => {
  test("are at each engine's own level, unless levels are named", () => {
    const { places } = choosePlaces({ strategies: [strategy], engines: [postgres, mysql] })
    expect(places.map(({ platform, isolation }) => [platform, isolation])).toEqual([
      ['postgres', 'read-committed'],
      ['mysql', 'repeatable-read'],
    ])
    const all = choosePlaces({
      strategies: [strategy],
      engines: [postgres],
      levels: isolationLevels,
    })
    expect(all.places.map(({ isolation }) => isolation)).toEqual(isolationLevels)
  })

  test('have MariaDB with both its settings', () => {
    const { places } = choosePlaces({ strategies: [strategy], engines: [mariadb] })
    expect(places.map(({ platform }) => platform)).toEqual([
      'mariadb',
      'mariadb with snapshot isolation',
    ])
  })

  test('that a strategy is not made for are counted', () => {
    const { places, notRun } = choosePlaces({ strategies, engines: [postgres, mysql] })
    expect(places).toHaveLength(3)
    expect(notRun).toMatchObject([
      {
        strategy: 'other',
        platform: 'postgres',
        part: 'both',
        reason: 'It is written for mysql only.',
      },
    ])
  })

  test.each([
    ['part of a name', 'mysql', 2],
    ['a pattern', '*/other/*/*', 2],
    ['a pattern of one cell', '*/other/mysql/repeatable-read', 1],
    ['nothing that there is', 'oracle', 0],
  ])('are left by a filter that is %s', (_, filter, expected) => {
    const { places, notRun } = choosePlaces({ strategies, engines: [postgres, mysql], filter })
    expect(places.length + notRun.length).toBe(expected)
    for (const place of places) expect(pathOf(place)).toMatch(/mysql/)
  })
})

describe('the cost', () => {
  const at = (isolation: IsolationLevel, holding: readonly IsolationLevel[], isServersOwn = true) =>
    whyWithoutCost(
      cellWith({ platform: 'postgres', isolation }),
      (level) => holding.includes(level),
      isServersOwn,
    )

  test("is measured at the engine's own level, safe or not", () => {
    expect(at('read-committed', ['read-committed'])).toBeUndefined()
    expect(at('read-committed', [])).toBeUndefined()
  })

  test('is measured at the weakest level that makes it safe', () => {
    expect(at('repeatable-read', ['repeatable-read', 'serializable'])).toBeUndefined()
    expect(at('serializable', ['repeatable-read', 'serializable'])).toBe(
      "It holds at a weaker level, or at the engine's own, too. --all-costs measures it too.",
    )
    expect(at('serializable', ['read-committed', 'serializable'])).toContain('It holds at a weaker')
  })

  test('is not measured where nothing is gained', () => {
    expect(at('repeatable-read', [])).toBe(
      "It does not hold here, nor is this the engine's own level. --all-costs measures it too.",
    )
    expect(at('read-committed', [], false)).toBe(
      'The server is set otherwise. --all-costs measures it too.',
    )
  })
})
