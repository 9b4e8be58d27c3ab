import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idle, simulate } from './fixtures/simulated-run.ts'
import { random } from './random.ts'

const seed = 42

/** Choices at one scheduling point with so many enabled actors, of many schedules. */
function choices(enabled: number, step: number): number[] {
  const point = {
    step,
    enabled: Array.from({ length: enabled }, (_, actor) => actor),
    requests: [],
  }
  return fc
    .sample(random.schedule, { seed, numRuns: 20_000 })
    .filter((schedule) => schedule.length >= step)
    .map((schedule) => random.chooser(schedule)(point))
}

describe('random', () => {
  test.each([2, 3, 4])('chooses each of %i enabled actors about equally', (enabled) => {
    for (const step of [1, 10]) {
      const drawn = choices(enabled, step)
      const counts = Array.from(
        { length: enabled },
        (_, choice) => drawn.filter((each) => each === choice).length,
      )
      for (const count of counts) {
        expect(count / drawn.length).toBeGreaterThan(0.9 / enabled)
        expect(count / drawn.length).toBeLessThan(1.1 / enabled)
      }
    }
  })

  test('draws the same schedules for the same seed, and others for another', () => {
    const draw = (from: number) => fc.sample(random.schedule, { seed: from, numRuns: 100 })
    expect(draw(seed)).toEqual(draw(seed))
    expect(draw(seed)).not.toEqual(draw(seed + 1))
  })

  test('reaches every schedule of a small run', () => {
    const orders = fc
      .sample(random.schedule, { seed, numRuns: 1_000 })
      .map((schedule) => simulate([idle(3), idle(3)], random.chooser(schedule)).order.join(''))
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
