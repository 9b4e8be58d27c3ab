import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SamplingExplorer } from './explorer.ts'
import { portfolioOf } from './portfolio.ts'

/** Always chooses the same, whatever is drawn. */
const constant = (name: string, choice: number): SamplingExplorer => ({
  kind: 'sampling',
  name,
  summary: 'For a test.',
  schedule: fc.constant([7]),
  chooser:
    ([first]) =>
    () =>
      choice * 10 + (first ?? 0),
})

const portfolio = portfolioOf([
  { weight: 3, explorer: constant('one', 1) },
  { weight: 1, explorer: constant('two', 2) },
])

const outlook = { engine: 'postgres', steps: [] } as const
const point = { step: 1, enabled: [0], requests: [] }

describe('a portfolio', () => {
  test('deals schedules to its members by their weights', () => {
    const first = fc.sample(portfolio.schedule, { seed: 1, numRuns: 4_000 }).map(([index]) => index)
    const share = first.filter((index) => index === 0).length / first.length
    expect(new Set(first)).toEqual(new Set([0, 1]))
    expect(share).toBeGreaterThan(0.7)
    expect(share).toBeLessThan(0.8)
  })

  test('leaves what was drawn to the member that the schedule begins with', () => {
    expect(portfolio.chooser([0, 7], outlook)(point)).toBe(17)
    expect(portfolio.chooser([1, 7], outlook)(point)).toBe(27)
    expect(portfolio.chooser([1], outlook)(point)).toBe(20)
  })

  test('takes any number for some member, and none for the first', () => {
    expect(portfolio.chooser([5, 7], outlook)(point)).toBe(27)
    expect(portfolio.chooser([], outlook)(point)).toBe(10)
  })

  test('names its members', () => {
    expect(portfolio.summary).toBe('Deals each schedule by chance to one of one and two.')
  })
})
