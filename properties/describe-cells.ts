import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  byName,
  engines,
  explore,
  exhaustive,
  prepareLane,
  random,
  renderText,
  surveyPlans,
  surveyScenarios,
  type Grain,
  type Lane,
  type Strategy,
  type Survey,
} from '../harness/index.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { catalogue, strategyIds, type StrategyId } from '../strategies/index.ts'
import { schedules, seed } from './budget.ts'
import { cellsOf, describeCell, type Cell, type Platform } from './cells.ts'
import { expectations } from './expectations.ts'
import type { Expectation } from './expectations/expectation.ts'

/** Two preemptions are what nearly all races need, as Musuvathi and Qadeer have found. */
const preemptions = 2
/** Strategies of so many statements that their schedules with two preemptions are hundreds. */
const longOnes: Partial<Readonly<Record<StrategyId, number>>> = {
  'purchase/skip-locked': 1,
  'purchase/reservation': 1,
  'purchase/reservation-check-then-confirm': 1,
}
/** Most random schedules in which something has to show that is known to be possible. */
const mostSchedules = 3_000

/**
 * Declares, for every strategy of the workloads at every isolation level of a platform, that exactly
 * what the table says comes true: what is said to break does break, and everything else that is claimed holds, in
 * every schedule of two actors with at most two preemptions, and in random ones of more.
 */
export function describePlatform(platform: Platform, workloads: readonly string[]): void {
  const ids = strategyIds.filter((id) => workloads.includes(catalogue[id].workload.name))
  for (const cell of cellsOf(platform)) describeCellOf(cell, ids)
}

function describeCellOf(cell: Cell, ids: readonly StrategyId[]): void {
  const engine = byName('database', engines, cell.engine)
  const missing = whyMissing(engine)
  describe.skipIf(missing !== undefined)(`on ${describeCell(cell)}`, () => {
    let lane: Lane
    beforeAll(async () => {
      lane = await openLaneAt(cell, engine)
    })
    afterAll(() => lane?.close())

    for (const id of ids) {
      const strategy = catalogue[id]
      const expected = expectations[id][cell.platform][cell.isolation]
      const isMeant = strategy.engines.includes(cell.engine)
      test.skipIf(!isMeant)(`${id} ${describeExpectation(expected, isMeant)}`, () =>
        expectCell(lane, id, expected),
      )
    }
  })
}

function describeExpectation({ breaks = [], aborts = [], why }: Expectation, isMeant: boolean) {
  if (!isMeant) return 'is written for other engines'
  const verdict = breaks.length === 0 ? 'holds' : `breaks ${breaks.join(' and ')}`
  const costs = aborts.length === 0 ? '' : `, with ${aborts.join(' and ')}`
  return `${verdict}${costs}${why === undefined ? '' : `: ${why}`}`
}

async function expectCell(lane: Lane, id: StrategyId, expected: Expectation): Promise<void> {
  const strategy: Strategy = catalogue[id]
  const options = { lane, strategy }
  await prepareLane(lane, strategy)
  const bounds = { preemptions: longOnes[id] ?? preemptions }
  const scenarios = await surveyScenarios(options, exhaustive, bounds)
  const plans = await surveyPlans(options, random, { schedules, seed })
  for (const survey of [scenarios, plans]) {
    expect(survey.fault?.reason).toBeUndefined()
    expect(survey.effective).toBe(true)
  }
  const broken = strategy.claims.filter((claim) => breaks(scenarios, claim) || breaks(plans, claim))
  const breakable = expected.breaks ?? []
  const possible = new Set([...breakable, ...(expected.breaksRarely ?? [])])
  const surprise = broken.find((claim) => !possible.has(claim))
  if (surprise !== undefined) await showSurprise(lane, strategy, surprise)
  const aborts = expected.aborts ?? []
  const varying = expected.abortsOnSomeVersions ?? []
  const seen = scenarios.aborted
    .keys()
    .filter((each) => !varying.includes(each) || aborts.includes(each))
  expect(seen.toArray().toSorted()).toEqual(aborts)
  const unseen = breakable.filter((claim) => !broken.includes(claim))
  for (const claim of unseen) await expectBreaks(lane, strategy, claim)
}

const breaks = ({ violations }: Survey, claim: string): boolean => violations.has(claim)

/** Fails with the smallest run that breaks what should hold. */
export async function showSurprise(
  lane: Lane,
  strategy: Strategy,
  claim: string,
  grain: Grain = 'statement',
): Promise<never> {
  const found = await explore({
    ...searchFor(claim),
    grains: [grain],
    lane,
    strategy,
    schedules: mostSchedules,
  })
  const replayCommand = 'npx -y pnpm@12 lockstep replay'
  expect.unreachable(
    `${claim} is expected to hold, and was broken.\n${renderText(strategy.workload, found, { replayCommand })}\n`,
  )
}

async function expectBreaks(lane: Lane, strategy: Strategy, claim: string): Promise<void> {
  const { verdict } = await explore({
    ...searchFor(claim),
    lane,
    strategy,
    schedules: mostSchedules,
  })
  expect(`${claim}: ${verdict}`).toBe(`${claim}: violated`)
}

const searchFor = (claim: string) =>
  ({ explorer: random, grains: ['statement'], seed, invariants: [claim] }) as const
