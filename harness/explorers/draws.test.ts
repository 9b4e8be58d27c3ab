import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawsArbitrary } from './draws.ts'

const draws = fc.sample(drawsArbitrary(64), { seed: 1, numRuns: 1_000 }).flat()

/** Share of the draws with each remainder. */
function shares(divisor: number): number[] {
  const counts = Map.groupBy(draws, (draw) => draw % divisor)
  return Array.from(
    { length: divisor },
    (_, rest) => (counts.get(rest)?.length ?? 0) / draws.length,
  )
}

describe('draws', () => {
  test.each([2, 3, 5, 7, 8, 30])('have every remainder by %i alike', (divisor) => {
    for (const share of shares(divisor)) expect(share * divisor).toBeCloseTo(1, 0.5)
  })

  // A known fault: by itself fast-check draws a fifth of all numbers from the smallest tenth.
  test('are as often small and large as anything else', () => {
    const most = Math.max(...draws)
    const tenths = Map.groupBy(draws, (draw) => Math.floor((10 * draw) / (most + 1)))
    expect(tenths.size).toBe(10)
    for (const { length } of tenths.values()) expect((10 * length) / draws.length).toBeCloseTo(1, 1)
  })

  test('are shrunk by leaving out the end, all of it first', () => {
    const trials: string[] = []
    const needed = 5
    fc.check(
      fc.property(drawsArbitrary(16), (drawn) => {
        trials.push(String(drawn.length))
        return drawn.length < needed
      }),
      { seed: 1 },
    )
    expect(trials.join(' ')).toBe('16 0 8 0 4 6 0 3 5 0 3 4')
  })
})
