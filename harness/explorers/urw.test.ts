import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SamplingExplorer } from './explorer.ts'
import { idle, simulate } from './fixtures/simulated-run.ts'
import { random } from './random.ts'
import { urw } from './urw.ts'

const engine = 'postgres'

const samples = 6_000

/** How often each schedule comes, of two actors of so many steps. */
function counts(explorer: SamplingExplorer, steps: readonly [number, number]): number[] {
  const orders = fc
    .sample(explorer.schedule, { seed: 1, numRuns: samples })
    .map((schedule) =>
      simulate(steps.map(idle), explorer.chooser(schedule, { engine, steps })).order.join(),
    )
  return [...Map.groupBy(orders, (order) => order).values()].map(({ length }) => length)
}

/** Pearson's statistic against the uniform distribution over so many schedules. */
function chiSquare(found: readonly number[], schedules: number): number {
  const expected = samples / schedules
  const missing = (schedules - found.length) * expected
  return found.reduce((sum, count) => sum + (count - expected) ** 2 / expected, missing)
}

describe('urw', () => {
  // The upper points are those of the chi-square distribution that one sample in a thousand exceeds.
  test.each([
    { steps: [2, 6] as const, schedules: 28, upper: 55.5 },
    { steps: [4, 4] as const, schedules: 70, upper: 111.1 },
    { steps: [1, 10] as const, schedules: 11, upper: 29.6 },
  ])('draws every schedule of actors with $steps steps alike', ({ steps, schedules, upper }) => {
    const found = counts(urw, steps)
    expect(found).toHaveLength(schedules)
    expect(chiSquare(found, schedules)).toBeLessThan(upper)
  })

  test('a random walk does not', () => {
    expect(chiSquare(counts(random, [2, 6]), 28)).toBeGreaterThan(1_000)
  })

  test('goes on with an actor that takes more steps than expected', () => {
    const choose = urw.chooser([1, 1, 1], { engine, steps: [1, 1] })
    expect(simulate([idle(3), idle(3)], choose).order.join('')).toBe('101100')
  })
})
