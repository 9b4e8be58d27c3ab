import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idle, simulate } from '../explorers/fixtures/simulated-run.ts'
import { chosenActors, inTurn, overlapsOf, planned } from './choice.ts'

const requests = [{ kind: 'sleep', ms: 1 }] as const

describe('inTurn', () => {
  test('begins with the actor that ran last, and goes on after it', () => {
    expect(inTurn([0, 1, 2, 3], 2, 4)).toEqual([2, 3, 0, 1])
  })

  test('begins with the next one in turn when the actor that ran last cannot go on', () => {
    expect(inTurn([0, 1, 3], 2, 4)).toEqual([3, 0, 1])
    expect(inTurn([0, 1], 3, 4)).toEqual([0, 1])
  })

  test('leaves its argument as it was', () => {
    const enabled = [0, 1, 2]
    inTurn(enabled, 1, 3)
    expect(enabled).toEqual([0, 1, 2])
  })

  test('is a walk round the table that skips who is not enabled', () => {
    const tables = fc.integer({ min: 1, max: 8 }).chain((actors) =>
      fc.record({
        actors: fc.constant(actors),
        last: fc.nat({ max: actors - 1 }),
        enabled: fc.shuffledSubarray(Array.from({ length: actors }, (_, actor) => actor)),
      }),
    )
    fc.assert(
      fc.property(tables, ({ actors, last, enabled }) => {
        const round = Array.from({ length: actors }, (_, index) => (last + index) % actors)
        expect(inTurn(enabled, last, actors)).toEqual(
          round.filter((actor) => enabled.includes(actor)),
        )
      }),
    )
  })
})

describe('overlapsOf', () => {
  test.for([
    [[], []],
    [[2], []],
    [[2, 0], [[2, 0]]],
    [
      [2, 0, 1],
      [
        [2, 0],
        [2, 1],
        [0, 1],
        [2, 0, 1],
      ],
    ],
  ])('%j gives %j', ([actors, overlaps]) => {
    expect(overlapsOf(actors as number[])).toEqual(overlaps)
  })
})

test('chosenActors reads an index as one actor, or beyond them as several', () => {
  const point = { step: 1, enabled: [1, 0], requests, overlaps: [[1, 0]] }
  expect([0, 1, 2, 3].map((chosen) => chosenActors(point, chosen))).toEqual([
    [1],
    [0],
    [1, 0],
    undefined,
  ])
  const { overlaps: _, ...alone } = point
  expect(chosenActors(alone, 2)).toBeUndefined()
})

describe('planned', () => {
  const at = (step: number, enabled: number) => ({
    step,
    enabled: Array.from({ length: enabled }, (_, actor) => actor),
    requests,
  })

  test('reads the choice of each step, modulo the number of enabled actors', () => {
    const choose = planned([2, 5, 11])
    expect(choose(at(1, 3))).toBe(2)
    expect(choose(at(2, 3))).toBe(2)
    expect(choose(at(3, 4))).toBe(3)
    expect(choose(at(3, 1))).toBe(0)
  })

  test('reads the choice modulo the number of those who go on alone and those who go on together', () => {
    const point = { ...at(1, 3), overlaps: overlapsOf([0, 1, 2]) }
    const chosen = Array.from({ length: 9 }, (_, choice) => planned([choice])(point))
    expect(chosen).toEqual([0, 1, 2, 3, 4, 5, 6, 0, 1])
  })

  test('chooses 0 beyond the end of the schedule', () => {
    const choose = planned([1])
    expect([1, 2, 3].map((step) => choose(at(step, 2)))).toEqual([1, 0, 0])
  })

  test('answers by the number of the step, however often it is asked', () => {
    const choose = planned([1, 0, 2])
    expect([3, 1, 3, 2].map((step) => choose(at(step, 3)))).toEqual([2, 1, 2, 0])
  })

  test('0 means that the actor that ran last goes on: an empty schedule is the serial run', () => {
    const run = simulate([idle(2), idle(3), idle(1)], planned([]))
    expect(run.order).toEqual([0, 0, 1, 1, 1, 2])
  })

  test('every other number is one context switch', () => {
    const run = simulate([idle(3), idle(3)], planned([0, 1, 0, 1]))
    expect(run.order).toEqual([0, 1, 1, 0, 0, 1])
  })
})
