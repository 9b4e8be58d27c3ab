import { describe, expect, test } from 'vitest'
import {
  beyondChance,
  bootstrapMean,
  changeBetween,
  differenceOfShares,
  firstViolation,
  loadPoints,
  noiseOf,
  shareOf,
  violationRate,
} from './statistics.ts'
import { loadSample, safetyWith } from './fixtures/results.ts'

describe('a share', () => {
  test('has the interval of Wilson', () => {
    // The values of R's binom.confint(15, 50, methods = "wilson").
    const share = shareOf(15, 50)
    expect(share?.value).toBe(0.3)
    expect(share?.low).toBeCloseTo(0.191, 3)
    expect(share?.high).toBeCloseTo(0.4375, 3)
  })

  test('of nothing is unknown', () => {
    expect(shareOf(0, 0)).toBeUndefined()
  })

  test('of none or all does not go beyond', () => {
    expect(shareOf(0, 20)).toMatchObject({ value: 0, low: 0 })
    expect(shareOf(0, 20)?.high).toBeCloseTo(0.161, 3)
    expect(shareOf(20, 20)).toMatchObject({ value: 1, high: 1 })
  })

  test('leaves out what could not be judged', () => {
    const safety = safetyWith([
      { first: 1, violations: 3, schedules: 10, notJudged: 4 },
      { first: null, violations: 0, schedules: 10, notJudged: 0 },
    ])
    expect(violationRate(safety)?.value).toBeCloseTo(3 / 16)
  })
})

describe('the first violation', () => {
  const firsts = (...all: (number | null)[]) =>
    firstViolation(safetyWith(all.map((first) => ({ first, schedules: 20 }))))

  test('is the median over seeds', () => {
    expect(firsts(1, 9, 4)).toEqual({ schedules: 4 })
    expect(firsts(1, 9, null)).toEqual({ schedules: 9 })
  })

  test('lies beyond what was run where half of the seeds found none', () => {
    expect(firsts(1, null, null)).toEqual({ beyond: 20 })
    expect(firsts(1, null)).toEqual({ beyond: 20 })
  })

  test('is unknown without schedules', () => {
    expect(firsts()).toBeUndefined()
    expect(firstViolation(undefined)).toBeUndefined()
  })
})

describe('the mean of repetitions', () => {
  test('is within its interval, the same one every time', () => {
    const figures = [90, 100, 130, 95, 110]
    const mean = bootstrapMean(figures)
    expect(mean?.value).toBe(105)
    expect(mean?.low).toBeGreaterThan(90)
    expect(mean?.low).toBeLessThan(105)
    expect(mean?.high).toBeGreaterThan(105)
    expect(mean?.high).toBeLessThan(130)
    expect(bootstrapMean(figures)).toEqual(mean)
  })

  test('of one is only that one', () => {
    expect(bootstrapMean([7])).toEqual({ value: 7, low: 7, high: 7 })
    expect(bootstrapMean([])).toBeUndefined()
  })
})

describe('a change', () => {
  const steady = noiseOf([
    [100, 102, 98],
    [50, 51, 49],
    [200, 196, 204],
    [10, 10.2, 9.8],
    [70, 71.4, 68.6],
    [30, 30.6, 29.4],
  ])

  test('of a tenth is beyond a noise of two in a hundred', () => {
    const change = changeBetween([100, 102, 98], [90, 91, 89], steady)
    expect(steady.freedom).toBe(12)
    expect(steady.deviation).toBeCloseTo(0.02, 3)
    expect(change?.ratio.value).toBeCloseTo(0.9, 2)
    expect(change?.ratio.high).toBeLessThan(1)
    expect(change?.probability).toBeLessThan(0.001)
  })

  test('within the noise is likely', () => {
    expect(changeBetween([100, 102, 98], [101, 99, 103], steady)?.probability).toBeGreaterThan(0.2)
  })

  test('from or to nothing is none', () => {
    expect(changeBetween([0, 0], [1, 2], steady)).toBeUndefined()
  })

  test('of two shares has the interval of Newcombe', () => {
    // Newcombe 1998, table II, 56/70 against 48/80: 0.0524 to 0.3339 by method 10.
    const difference = differenceOfShares(shareOf(48, 80)!, shareOf(56, 70)!)
    expect(difference.value).toBeCloseTo(0.2)
    expect(difference.low).toBeCloseTo(0.0524, 3)
    expect(difference.high).toBeCloseTo(0.3339, 3)
  })
})

test('of many differences that chance makes, few are named', () => {
  // Benjamini and Hochberg 1995, section 3.2: the first four of fifteen.
  const probabilities = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719,
    0.6528, 0.759, 1,
  ]
  const named = beyondChance(probabilities)
  expect(named.filter(Boolean)).toHaveLength(4)
  expect(named.slice(0, 4)).toEqual([true, true, true, true])
  expect(beyondChance([])).toEqual([])
  expect(beyondChance([0.2, 0.9])).toEqual([false, false])
})

test('loads are put together by contention and clients', () => {
  const points = loadPoints({
    loads: [
      loadSample({ clients: 8, repetition: 0 }),
      loadSample({ clients: 1, repetition: 0 }),
      loadSample({ clients: 8, repetition: 1 }),
      loadSample({ clients: 1, contention: 'spread', repetition: 0 }),
    ],
    failures: [],
  })
  expect(
    points.map(({ clients, contention, samples }) => [contention, clients, samples.length]),
  ).toEqual([
    ['hot', 1, 1],
    ['hot', 8, 2],
    ['spread', 1, 1],
  ])
})
