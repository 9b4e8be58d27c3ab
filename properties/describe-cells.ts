import { afterAll, beforeAll, describe, expect } from 'vitest'
import {
  byName,
  engines,
  explore,
  exhaustive,
  pos,
  prepareLane,
  random,
  surveyPlans,
  surveyScenarios,
  type Lane,
  type Strategy,
  type Survey,
} from '../harness/index.ts'
import { Inconclusive } from '../harness/testing/inconclusive.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { catalogue, type StrategyId } from '../strategies/index.ts'
import { mostSchedules, schedules, seed } from './budget.ts'
import { testCell, type Note } from './cell-test.ts'
import { cellsOf, describeCell, type Cell, type Platform } from './cells.ts'
import { unchanged } from './changed.ts'
import { expectations } from './expectations.ts'
import type { Expectation } from './expectations/expectation.ts'
import { showSurprise } from './surprise.ts'

/** Two preemptions are what nearly all races need, as Musuvathi and Qadeer have found. */
const preemptions = 2
/** Strategies of so many statements that their schedules with two preemptions are hundreds. */
const longOnes: Partial<Readonly<Record<StrategyId, number>>> = {
  'purchase/idempotency-key': 1,
  'purchase/request-table': 1,
  'purchase/skip-locked': 1,
  'purchase/reservation': 1,
  'purchase/reservation-check-then-confirm': 1,
}

/**
 * Declares, for every strategy of the workloads at every isolation level of a platform, that exactly
 * what the table says comes true: what is said to break does break, and everything else that is claimed holds, in
 * every schedule of two actors with at most two preemptions, and in random ones of more.
 */
export function describePlatform(platform: Platform, workloads: readonly string[]): void {
  const ids = unchanged.filter((id) => workloads.includes(catalogue[id].workload.name))
  describeBetween(platform, ids)
}

/** The same of these strategies. */
export function describeBetween(platform: Platform, ids: readonly StrategyId[]): void {
  for (const cell of cellsOf(platform)) describeCellOf(cell, ids)
}

function describeCellOf(cell: Cell, ids: readonly StrategyId[]): void {
  const engine = byName('database', engines, cell.engine)
  const missing = whyMissing(engine)
  describe.skipIf(missing !== undefined || ids.length === 0)(`on ${describeCell(cell)}`, () => {
    let lane: Lane
    beforeAll(async () => {
      lane = await openLaneAt(cell, engine)
    })
    afterAll(() => lane?.close())

    for (const id of ids) {
      const { engines: meant } = catalogue[id]
      const isMeant = meant.includes(cell.engine)
      const expected = expectations[id][cell.platform][cell.isolation]
      const notRun = isMeant ? missing : `It is written for ${meant.join(' and ')} only.`
      testCell(
        describeExpectation(expected, isMeant),
        { strategy: id, cell, aspect: 'between statements', notRun },
        (note) => expectCell(lane, id, expected, note),
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

async function expectCell(
  lane: Lane,
  id: StrategyId,
  expected: Expectation,
  note: Note,
): Promise<void> {
  const strategy: Strategy = catalogue[id]
  const options = { lane, strategy }
  await prepareLane(lane, strategy)
  const bounds = { preemptions: longOnes[id] ?? preemptions }
  const scenarios = await surveyScenarios(options, exhaustive, bounds)
  const plans = await surveyPlans(options, random, { schedules, seed })
  note({ schedules: scenarios.schedules + plans.schedules })
  const broken = strategy.claims.filter((claim) => breaks(scenarios, claim) || breaks(plans, claim))
  const breakable = expected.breaks ?? []
  const possible = new Set([...breakable, ...(expected.breaksRarely ?? [])])
  const surprise = broken.find((claim) => !possible.has(claim))
  if (surprise !== undefined) {
    const within = breaks(scenarios, surprise) ? bounds : {}
    await showSurprise({ ...options, claim: surprise, grain: 'statement', ...within }, note)
  }
  for (const survey of [scenarios, plans]) expectJudged(survey)
  const aborts = expected.aborts ?? []
  const varying = expected.abortsOnSomeVersions ?? []
  const seen = scenarios.aborted
    .keys()
    .filter((each) => !varying.includes(each) || aborts.includes(each))
  expect(seen.toArray().toSorted()).toEqual(aborts)
  const unseen = breakable.filter((claim) => !broken.includes(claim))
  for (const claim of unseen) await expectBreaks(lane, strategy, claim)
  note({ broken: [...new Set([...broken, ...unseen])] })
}

const breaks = ({ violations }: Survey, claim: string): boolean => violations.has(claim)

/** @throws {Inconclusive} when a survey has seen nothing, or not all that it was to see. */
export function expectJudged({ fault, effective, schedules: number }: Survey): void {
  if (fault) throw new Inconclusive(fault.reason)
  if (number === 0) throw new Inconclusive('No schedule was run.')
  if (!effective) throw new Inconclusive('No command was answered with ok, so nothing was judged.')
}

async function expectBreaks(lane: Lane, strategy: Strategy, claim: string): Promise<void> {
  // It has not shown in what was drawn so far, so it takes several steps in order: see docs/search-power.md.
  const found = await explore({
    lane,
    strategy,
    explorer: pos,
    seed,
    grains: ['statement'],
    invariants: [claim],
    schedules: mostSchedules,
  })
  if (found.verdict === 'inconclusive') throw new Inconclusive(found.reason)
  expect(`${claim}: ${found.verdict}`).toBe(`${claim}: violated`)
}
