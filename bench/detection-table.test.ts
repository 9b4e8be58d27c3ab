import { describe, expect, test } from 'vitest'
import { medianSchedules, tablesOf, type Measured } from './detection-table.ts'

const searches = (schedules: readonly (number | null)[]) =>
  ({ kind: 'searches', schedules, most: 1_000 }) as const

describe('the median of schedules', () => {
  test.each([
    [[3], 3],
    [[9, 1, 4], 4],
    [[1, 2, 3, 4], 2],
    [[null, 7, null, 2, 5], 7],
    [[null, 7, null, 2], 7],
    [[null, null, 2], undefined],
    [[], undefined],
  ])('%j: %s', (schedules, expected) => {
    expect(medianSchedules(searches(schedules))).toBe(expected)
  })
})

test('the table has a row for each strategy and says what was not found', () => {
  const base = { strategy: 'a', engine: 'postgres', cell: 'PostgreSQL 18', elapsedMs: 1 }
  const results: Measured[] = [
    { ...base, way: 'random', notJudged: 0, ...searches([1_234]) },
    { ...base, way: 'none', notJudged: 2, kind: 'trials', violations: 7, trials: 500 },
    { ...base, way: 'barrier', notJudged: 0, kind: 'trials', violations: 200, trials: 500 },
    { ...base, strategy: 'b', way: 'random', notJudged: 0, ...searches([null]) },
    {
      ...base,
      strategy: 'b',
      way: 'none',
      notJudged: 0,
      kind: 'trials',
      violations: 0,
      trials: 500,
    },
    { ...base, cell: 'MySQL 9', way: 'random', notJudged: 0, ...searches([2]) },
  ]
  expect(tablesOf(results, ['random', 'none', 'barrier'])).toBe(
    `
| PostgreSQL 18 | random | none | barrier |
| --- | ---: | ---: | ---: |
| \`a\` | 1,234 | 1.4 % (2 not judged) | 40 % |
| \`b\` | > 1,000 | none in 500 | not measured |

| MySQL 9 | random | none | barrier |
| --- | ---: | ---: | ---: |
| \`a\` | 2 | not measured | not measured |
`.trim(),
  )
})
