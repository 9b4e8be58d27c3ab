import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  byName,
  engines,
  exhaustive,
  explore,
  prepareLane,
  random,
  surveyScenario,
  type Lane,
} from '../harness/index.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { catalogue, strategyIds } from '../strategies/index.ts'
import { seed } from './budget.ts'
import { cellsOf, describeCell, type Cell, type Platform } from './cells.ts'
import { smallest, spaces, type Smallest } from './figures.ts'

const engineOf = (cell: Cell) => byName('database', engines, cell.engine)

/** Declares that counterexamples and search spaces are as large on this platform as on any other. */
export function describeFigures(platform: Platform): void {
  const cell = cellsOf(platform).find((each) => each.isolation === engineOf(each).defaultIsolation)
  if (!cell) throw new Error(`${platform} has no cell at its engine's own level`)
  const engine = engineOf(cell)
  const missing = whyMissing(engine)
  describe.skipIf(missing !== undefined)(`figures of ${describeCell(cell)}`, () => {
    let lane: Lane
    beforeAll(async () => {
      lane = await openLaneAt(cell, engine)
    })
    afterAll(() => lane?.close())

    for (const id of strategyIds) {
      for (const figure of smallest[id] ?? []) {
        test(`${id} breaks ${figure.invariant} in a small counterexample that replays`, async () => {
          const strategy = catalogue[id]
          const invariants = [figure.invariant]
          const options = { lane, strategy, explorer: random, seed, invariants, schedules: 3_000 }
          expectSmallest(await explore({ ...options, grains: ['statement'] }), figure)
        })
      }
    }

    for (const { strategy: id, actors, schedules, verdict } of spaces) {
      test(`${id}: ${actors} actors have ${schedules} schedules, and it ${verdict}`, async () => {
        const strategy = catalogue[id]
        await prepareLane(lane, strategy)
        const [scenario] = strategy.workload.scenarios
        const seen = await surveyScenario({ lane, strategy }, scenario, actors, exhaustive)
        expect(seen.fault?.reason).toBeUndefined()
        expect(seen.schedules).toBe(schedules)
        expect(seen.violations.size === 0 ? 'holds' : 'violated').toBe(verdict)
      })
    }
  })
}

function expectSmallest(exploration: Awaited<ReturnType<typeof explore>>, figure: Smallest): void {
  expect(exploration.verdict).toBe('violated')
  if (exploration.verdict !== 'violated') return
  const { counterexample } = exploration
  expect(counterexample.invariant).toBe(figure.invariant)
  expect(counterexample.replays).toEqual({ reproduced: 10, of: 10 })
  expect(counterexample.actors).toBe(figure.actors)
  const commands = counterexample.plan.actors.map((each) => each.length)
  expect(Math.max(...commands)).toBe(figure.commands)
  expect(counterexample.contextSwitches).toBeLessThanOrEqual(figure.contextSwitches)
  expect(counterexample.steps).toBeLessThanOrEqual(figure.steps)
}
