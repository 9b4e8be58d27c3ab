import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  explore,
  explorers,
  byName,
  renderText,
  type Exploration,
  type ExploreOptions,
  type Lane,
  type Strategy,
} from '../harness/index.ts'
import { openLane } from '../harness/testing/lane.ts'
import { strategies } from '../strategies/index.ts'
import { schedules, seed } from './budget.ts'
import { refuted, type Smallest } from './expectations.ts'

const random = byName('explorer', explorers, 'random')
const exhaustive = byName('explorer', explorers, 'exhaustive')

let lane: Lane

/**
 * Declares the properties of every strategy of a workload, on a lane of its own.
 *
 * What is known to be false must be refuted, by a counterexample as small as it can be, and everything
 * else that a strategy claims must hold: in random schedules, and in every schedule of each scenario
 * with two actors who do one command each.
 */
export function describeStrategies(workload: string): void {
  beforeAll(async () => {
    lane = await openLane()
    process.stderr.write(
      `${workload}: ${schedules} random schedules per strategy; LOCKSTEP_SEED=${seed} draws them again\n`,
    )
  })
  afterAll(() => lane.close())

  for (const strategy of strategies.filter((each) => each.workload.name === workload)) {
    describe(`${workload}/${strategy.name} on postgres, read-committed`, () => {
      describeStrategy(strategy, refuted[`${workload}/${strategy.name}`] ?? {})
    })
  }
}

function describeStrategy(strategy: Strategy, known: Readonly<Record<string, Smallest>>): void {
  const kept = strategy.claims.filter((claim) => known[claim] === undefined)

  for (const claim of kept) {
    test(`${claim} holds in ${schedules} random schedules`, async () => {
      expectHeld(strategy, await sampled(strategy, kept), claim)
    })
  }

  for (const scenario of strategy.workload.scenarios) {
    const claims = kept.length === strategy.claims.length ? 'everything claimed' : kept.join(', ')
    test(`${claims} holds in every schedule of ${scenario.name} with two actors`, async () => {
      const options = { explorer: exhaustive, scenario: scenario.name, invariants: kept }
      const exploration = await run(strategy, options)
      for (const claim of kept) expectHeld(strategy, exploration, claim)
      expect(exploration.exhausted).toBe(true)
    })
  }

  for (const [claim, smallest] of Object.entries(known)) {
    test(`${claim} is violated, in a counterexample that is small and replays`, async () => {
      expectRefuted(await run(strategy, { explorer: random, invariants: [claim] }), claim, smallest)
    })
  }
}

function run(strategy: Strategy, options: Partial<ExploreOptions>): Promise<Exploration> {
  return explore({ lane, strategy, explorer: random, seed, schedules: Infinity, ...options })
}

const samples = new Map<Strategy, Promise<Exploration>>()

/** One exploration answers for all that a strategy claims. */
function sampled(strategy: Strategy, kept: readonly string[]): Promise<Exploration> {
  const sample = samples.get(strategy) ?? run(strategy, { schedules, invariants: kept })
  samples.set(strategy, sample)
  return sample
}

function expectHeld(strategy: Strategy, exploration: Exploration, claim: string): void {
  if (exploration.verdict !== 'holds') {
    const report = renderText(strategy.workload, exploration, {
      replayCommand: 'npx -y pnpm@12 lockstep replay',
    })
    expect.unreachable(`\n${report}\n`)
  }
  const measured = exploration.invariants.find(({ name }) => name === claim)
  expect(measured).toEqual({ name: claim, claimed: true, judged: true, violations: 0 })
}

function expectRefuted(exploration: Exploration, claim: string, smallest: Smallest): void {
  expect(exploration.verdict).toBe('violated')
  if (exploration.verdict !== 'violated') return
  const { counterexample } = exploration
  expect(counterexample.invariant).toBe(claim)
  expect(counterexample.replays).toEqual({ reproduced: 10, of: 10 })
  expect(counterexample.actors).toBe(smallest.actors)
  const commands = counterexample.plan.actors.map((each) => each.length)
  expect(Math.max(...commands)).toBe(smallest.commands)
  expect(counterexample.contextSwitches).toBeLessThanOrEqual(smallest.contextSwitches)
  expect(counterexample.steps).toBeLessThanOrEqual(smallest.steps)
}
