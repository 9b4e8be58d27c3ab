import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  byName,
  engines,
  exhaustive,
  isolationLevels,
  prepareLane,
  surveyScenarios,
  type IsolationLevel,
  type Lane,
} from '../harness/index.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { catalogue, strategyIds, type StrategyId } from '../strategies/index.ts'
import { cellsOf, describeCell, type Cell, type Platform } from './cells.ts'
import { showSurprise } from './describe-cells.ts'
import { expectations } from './expectations.ts'
import type { Expectation } from './expectations/expectation.ts'

/**
 * One is enough for a race between what a statement has read and what it writes. Two are those of the
 * grain of whole statements: see `describe-cells.ts`.
 */
const preemptions = 1

/**
 * Declares, for every strategy at every isolation level of a platform, that where its statements stop
 * inside, nothing comes true but what does between them, and what the table says comes besides.
 *
 * @param levels those that are no other one under another name.
 */
export function describeInside(
  platform: Platform,
  levels: readonly IsolationLevel[] = isolationLevels,
): void {
  for (const cell of cellsOf(platform)) {
    if (levels.includes(cell.isolation)) describeCellInside(cell)
  }
}

function describeCellInside(cell: Cell): void {
  const engine = byName('database', engines, cell.engine)
  const missing = whyMissing(engine)
  describe.skipIf(missing !== undefined)(`inside statements on ${describeCell(cell)}`, () => {
    let lane: Lane
    beforeAll(async () => {
      lane = await openLaneAt(cell, engine)
    })
    afterAll(() => lane?.close())

    for (const id of strategyIds) {
      if (!catalogue[id].engines.includes(cell.engine)) continue
      const expected = expectations[id][cell.platform][cell.isolation]
      test(`${id} ${describeAddition(expected)}`, () => expectInside(lane, id, expected))
    }
  })
}

function describeAddition({ inside = {} }: Expectation): string {
  const { breaks = [], aborts = [] } = inside
  if (breaks.length + aborts.length === 0) return 'does what it does between them'
  return [
    ...breaks.map((claim) => `also breaks ${claim}`),
    ...aborts.map((abort) => `is also aborted by ${abort}`),
  ].join(' and ')
}

async function expectInside(lane: Lane, id: StrategyId, expected: Expectation): Promise<void> {
  const strategy = catalogue[id]
  await prepareLane(lane, strategy, 'phase')
  const options = { lane, strategy, grain: 'phase' } as const
  const { violations, aborted, fault } = await surveyScenarios(options, exhaustive, { preemptions })
  expect(fault?.reason).toBeUndefined()
  const {
    breaks = [],
    breaksRarely = [],
    aborts = [],
    abortsOnSomeVersions = [],
    inside,
  } = expected
  const broken = strategy.claims.filter((claim) => violations.has(claim))
  const between = new Set([...breaks, ...breaksRarely])
  const added = broken.filter((claim) => !between.has(claim))
  const surprise = added.find((claim) => inside?.breaks?.includes(claim) !== true)
  if (surprise !== undefined) await showSurprise(lane, strategy, surprise, 'phase')
  expect(added).toEqual(inside?.breaks ?? [])
  const known = new Set([...aborts, ...abortsOnSomeVersions])
  const besides = aborted.keys().filter((abort) => !known.has(abort))
  expect(besides.toArray().toSorted()).toEqual(inside?.aborts ?? [])
}
