import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../errors.ts'
import type { Outlook } from '../outlook.ts'
import { deepBugSteps, hasDeepBug } from './fixtures/deep-bug.ts'
import { idle, simulate, type SimulatedActor } from './fixtures/simulated-run.ts'
import { pct, pctOfDepth } from './pct.ts'
import { random } from './random.ts'

const engine = 'postgres' as const

const run = (
  depth: number,
  schedule: readonly number[],
  actors: readonly SimulatedActor[],
  outlook: Outlook,
): string => simulate(actors, pctOfDepth(depth).chooser(schedule, outlook)).order.join('')

describe('priorities', () => {
  test('follow the order that is drawn, one number for each actor', () => {
    const orders = [0, 1].flatMap((b) =>
      [0, 1, 2].map((c) =>
        run(1, [0, b, c], [idle(2), idle(2), idle(2)], { engine, steps: [2, 2, 2] }).replaceAll(
          /(.)\1/g,
          '$1',
        ),
      ),
    )
    expect(orders.toSorted()).toEqual(['012', '021', '102', '120', '201', '210'])
  })

  test('change after the step that was drawn, and whoever has taken it comes last', () => {
    const outlook = { engine, steps: [3, 2, 2] }
    expect(run(2, [2], [idle(3), idle(2), idle(2)], outlook)).toBe('0011220')
  })

  test('of two who have fallen, the one that was drawn first comes first', () => {
    const actors = () => [idle(3), idle(3)]
    const outlook = { engine, steps: [3, 3] }
    expect(run(3, [1, 3], actors(), outlook)).toBe('011001')
    expect(run(3, [3, 1], actors(), outlook)).toBe('011100')
  })

  test('do not keep others from what a spinning actor waits for', () => {
    const seen = { done: false }
    const choose = pctOfDepth(1).chooser([], { engine, steps: [5, 1] })
    expect(simulate([spinning(seen), doing(seen)], choose).order.indexOf(1)).toBe(100)
  })
})

function* spinning(seen: { readonly done: boolean }): SimulatedActor {
  for (let looks = 0; !seen.done && looks < 1_000; looks++) yield { text: 'look' }
}

function* doing(seen: { done: boolean }): SimulatedActor {
  yield { text: 'do it' }
  seen.done = true
}

describe('the guarantee', () => {
  const outlook = { engine, steps: [deepBugSteps, deepBugSteps] }
  const k = 2 * deepBugSteps

  /** Every order of two actors, with every choice of steps to change at: each equally likely. */
  function everyRun(depth: number): boolean[] {
    const changes = Array.from({ length: depth - 1 }).reduce<number[][]>(
      (lists) => lists.flatMap((list) => Array.from({ length: k }, (_, at) => [...list, at + 1])),
      [[]],
    )
    return changes.flatMap((list) =>
      [0, 1].map((second) => hasDeepBug(pctOfDepth(depth).chooser([...list, 0, second], outlook))),
    )
  }

  const share = (found: readonly boolean[]): number => found.filter(Boolean).length / found.length

  test('is met by a bug of depth three', () => {
    expect(share(everyRun(3))).toBeGreaterThanOrEqual(1 / (2 * k ** 2))
  })

  test.each([1, 2])('a depth of %i does not find a bug of depth three', (depth) => {
    expect(share(everyRun(depth))).toBe(0)
  })

  test('is met by what is drawn, and a random walk is far from it', () => {
    const drawn = (explorer: typeof random) =>
      fc
        .sample(explorer.schedule, { seed: 1, numRuns: 8_000 })
        .map((schedule) => hasDeepBug(explorer.chooser(schedule, outlook)))
    expect(share(drawn(pct))).toBeGreaterThan(0.5 / (2 * k ** 2))
    expect(share(drawn(random))).toBe(0)
  })

  test('holds for a wrong expectation as far as that is too long', () => {
    const longer = { engine, steps: [deepBugSteps + 6, deepBugSteps + 6] }
    const found = fc
      .sample(pct.schedule, { seed: 2, numRuns: 12_000 })
      .map((schedule) => hasDeepBug(pct.chooser(schedule, longer)))
    expect(share(found)).toBeGreaterThan(0.5 / (2 * (k + 12) ** 2))
  })
})

test.each([0, 11, 2.5, Number.NaN])('a depth of %d is refused', (depth) => {
  expect(() => pctOfDepth(depth)).toThrow(
    new UsageError(`The depth of explorer "pct" is a whole number from 1 to 10, and not ${depth}.`),
  )
})
