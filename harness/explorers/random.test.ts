import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idle, simulate } from './fixtures/simulated-run.ts'
import { random } from './random.ts'

const engine = 'postgres'

const seed = 42

const schedules = fc.sample(random.schedule, { seed, numRuns: 5_000 })

/** What the schedules that go on so far choose at a step, of so many enabled actors. */
function choices(enabled: number, step: number): number[] {
  const point = {
    step,
    enabled: Array.from({ length: enabled }, (_, actor) => actor),
    requests: [],
  }
  return schedules
    .filter((schedule) => schedule.length >= step)
    .map((schedule) => random.chooser(schedule, { engine, steps: [] })(point))
}

describe('random', () => {
  /** Whether each of so many enabled actors has its share, give or take a tenth. */
  function isFair(enabled: number, step: number): boolean {
    const drawn = choices(enabled, step)
    return Array.from({ length: enabled }).every((_, actor) => {
      const share = drawn.filter((choice) => choice === actor).length / drawn.length
      return share > 0.9 / enabled && share < 1.1 / enabled
    })
  }

  test.each([1, 2, 3, 4])('chooses each of %i enabled actors about equally', (enabled) => {
    expect(isFair(enabled, 1)).toBe(true)
    expect(isFair(enabled, 10)).toBe(true)
  })

  // A known fault: --actors takes up to 8, and 12 values are not divided evenly by 5, 7 or 8.
  test.each([5, 7, 8])('chooses each of %i enabled actors about equally', (enabled) => {
    expect(isFair(enabled, 1)).toBe(true)
  })

  test('draws the same schedules for the same seed, and others for another', () => {
    const draw = (from: number) => fc.sample(random.schedule, { seed: from, numRuns: 100 })
    expect(draw(seed)).toEqual(draw(seed))
    expect(draw(seed)).not.toEqual(draw(seed + 1))
  })

  test('reaches every schedule of a small run', () => {
    const orders = schedules
      .slice(0, 1_000)
      .map((schedule) =>
        simulate(
          [idle(3), idle(3)],
          random.chooser(schedule, { engine, steps: [3, 3] }),
        ).order.join(''),
      )
    expect(new Set(orders).size).toBe(20)
  })

  test('shrinks to the serial run', () => {
    const { counterexample } = fc.check(
      fc.property(random.schedule, () => false),
      { seed },
    )
    expect(counterexample).toEqual([[]])
  })
})
