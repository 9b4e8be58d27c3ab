import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Step } from '../session.ts'
import type { SamplingExplorer } from './explorer.ts'
import { explorerLaws } from './laws.ts'
import { deepBugSteps, hasDeepBug } from './fixtures/deep-bug.ts'
import { idle, simulate, type SimulatedActor } from './fixtures/simulated-run.ts'
import { posWith } from './pos.ts'
import type { Races } from './races.ts'
import { random } from './random.ts'

const textOf = (step: Step): string =>
  step.kind === 'statement' ? step.statement.parts.join('?') : 'sleep'

/** Steps race when both name the same thing, and one writes it. */
const byText: Races = {
  race: ({ step: one }, { step: other }) => {
    const [a, b] = [textOf(one).split(' '), textOf(other).split(' ')]
    return a[1] === b[1] && (a[0] === 'write' || b[0] === 'write')
  },
  take: () => {},
}
const posByText = posWith(() => byText)
const never = posWith(() => ({ race: () => false, take: () => {} }))

explorerLaws(posByText)
explorerLaws(never)

const outlook = { steps: [], engine: 'postgres' } as const

function* doing(...texts: readonly string[]): SimulatedActor {
  for (const text of texts) yield { text }
}

const run = (
  explorer: SamplingExplorer,
  schedule: readonly number[],
  ...actors: readonly (readonly string[])[]
): string =>
  simulate(
    actors.map((texts) => doing(...texts)),
    explorer.chooser(schedule, outlook),
  ).order.join('')

describe('priorities', () => {
  test('are drawn for each step, and the highest goes first', () => {
    // A1 5, B1 9; B2 3; A2 1
    expect(run(posByText, [5, 9, 3, 1], ['a', 'a'], ['b', 'b'])).toBe('1010')
    expect(run(posByText, [5, 9, 8, 1], ['a', 'a'], ['b', 'b'])).toBe('1100')
  })

  test('are kept as long as the step is pending', () => {
    expect(run(posByText, [5, 9, 8, 7, 6], ['a'], ['b', 'b', 'b', 'b'])).toBe('11110')
    expect(run(posByText, [5, 9, 8, 4, 6], ['a'], ['b', 'b', 'b', 'b'])).toBe('11011')
  })

  test('are drawn anew for what races with the step taken', () => {
    // After B1 (9), B2 draws 2 and A1, which has lost a race, 3.
    expect(run(posByText, [5, 9, 2, 3], ['read x'], ['write x', 'b'])).toBe('101')
    expect(run(posByText, [5, 9, 6, 7], ['read x'], ['write x', 'b'])).toBe('101')
    expect(run(never, [5, 9, 6, 7], ['read x'], ['write x', 'b'])).toBe('110')
  })
})

describe('on a bug of depth three', () => {
  const shareOf = (explorer: SamplingExplorer): number => {
    const steps = [deepBugSteps, deepBugSteps]
    const found = fc
      .sample(explorer.schedule, { seed: 1, numRuns: 8_000 })
      .filter((schedule) => hasDeepBug(explorer.chooser(schedule, { ...outlook, steps })))
    return found.length / 8_000
  }

  test('finds it where a random walk does not', () => {
    expect(shareOf(posByText)).toBeGreaterThan(1 / 2_000)
    expect(shareOf(random)).toBe(0)
  })
})

test('orders of independent steps come about as often as their partial orders ask', () => {
  // Two actors that share nothing: whichever order, it is the same to them.
  const orders = fc
    .sample(never.schedule, { seed: 1, numRuns: 4_000 })
    .map((schedule) =>
      simulate([idle(1), idle(6)], never.chooser(schedule, outlook)).order.join(''),
    )
  const last = orders.filter((order) => order === '1111110').length / orders.length
  // The one step is the lowest of seven priorities: a random walk gives it 1/64.
  expect(last).toBeGreaterThan(0.9 / 7)
  expect(last).toBeLessThan(1.1 / 7)
})
