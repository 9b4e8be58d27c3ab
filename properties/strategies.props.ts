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

/**
 * What every strategy claims is put to the test on a real database: what is known to be false must
 * be refuted, by a counterexample as small as it can be, and everything else must hold.
 */

const random = byName('explorer', explorers, 'random')
const exhaustive = byName('explorer', explorers, 'exhaustive')

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
  process.stderr.write(
    `properties: ${schedules} schedules per strategy, LOCKSTEP_SEED=${seed} draws them again\n`,
  )
})
afterAll(() => lane.close())

const where = 'postgres, read-committed'

describe.for(
  strategies.map((strategy) => [`${strategy.workload.name}/${strategy.name}`, strategy] as const),
)(`%s on ${where}`, ([name, strategy]) => {
  const known = refuted[name] ?? {}
  const kept = strategy.claims.filter((claim) => known[claim] === undefined)

  for (const claim of kept) {
    test(`${claim} holds in ${schedules} random schedules`, async () => {
      expectHeld(strategy, await sampled(strategy, kept), claim)
    })
  }

  for (const scenario of strategy.workload.scenarios) {
    test(`${kept.join(', ')} hold in every schedule of ${scenario.name} with two actors`, async () => {
      const exploration = await run(strategy, {
        explorer: exhaustive,
        scenario: scenario.name,
        invariants: kept,
      })
      for (const claim of kept) expectHeld(strategy, exploration, claim)
      expect(exploration.exhausted).toBe(true)
    })
  }

  for (const [claim, smallest] of Object.entries(known)) {
    test(`${claim} is violated, in a counterexample that is small and replays`, async () => {
      expectRefuted(await run(strategy, { explorer: random, invariants: [claim] }), claim, smallest)
    })
  }
})

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
      replayCommand: 'pnpm lockstep replay',
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
}
