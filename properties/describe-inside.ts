import { afterAll, beforeAll, describe, expect } from 'vitest'
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
import { catalogue, type StrategyId } from '../strategies/index.ts'
import { testCell, type Note } from './cell-test.ts'
import { cellsOf, describeCell, type Cell, type Platform } from './cells.ts'
import { unchanged } from './changed.ts'
import { expectJudged } from './describe-cells.ts'
import { expectations } from './expectations.ts'
import { breakable, type Expectation } from './expectations/expectation.ts'
import { showSurprise } from './surprise.ts'

/**
 * One is enough for a race between what a statement has read and what it writes. Two are those of the
 * grain of whole statements: see `describe-cells.ts`.
 */
const preemptions = 1

/**
 * Those that are no other ones under another name: PostgreSQL's read uncommitted is its read committed, and
 * where a transaction has no snapshot of its own, MariaDB's innodb_snapshot_isolation changes nothing.
 */
const elsewhere: Partial<Readonly<Record<Platform, readonly IsolationLevel[]>>> = {
  postgres: ['read-uncommitted'],
  mariadb: ['read-uncommitted', 'read-committed'],
}

const levelsOf = (platform: Platform): readonly IsolationLevel[] =>
  isolationLevels.filter((level) => elsewhere[platform]?.includes(level) !== true)

/**
 * Declares, for every strategy at every isolation level of a platform, that where its statements stop
 * inside, nothing comes true but what does between them, and what the table says comes besides.
 *
 * @param ids by default all but those that have changed.
 */
export function describeInside(platform: Platform, ids: readonly StrategyId[] = unchanged): void {
  const levels = levelsOf(platform)
  for (const cell of cellsOf(platform)) {
    if (levels.includes(cell.isolation)) describeCellInside(cell, ids)
  }
}

function describeCellInside(cell: Cell, ids: readonly StrategyId[]): void {
  const engine = byName('database', engines, cell.engine)
  const missing = whyMissing(engine)
  const meant = ids.filter((id) => catalogue[id].engines.includes(cell.engine))
  const isEmpty = meant.length === 0
  describe.skipIf(missing !== undefined || isEmpty)(
    `inside statements on ${describeCell(cell)}`,
    () => {
      let lane: Lane
      beforeAll(async () => {
        lane = await openLaneAt(cell, engine)
      })
      afterAll(() => lane?.close())

      for (const id of meant) {
        const expected = expectations[id][cell.platform][cell.isolation]
        testCell(
          describeAddition(expected),
          { strategy: id, cell, aspect: 'inside statements', notRun: missing },
          (note) => expectInside(lane, id, expected, note),
        )
      }
    },
  )
}

function describeAddition({ inside = {} }: Expectation): string {
  const { breaks = [], aborts = [] } = inside
  if (breaks.length + aborts.length === 0) return 'does what it does between them'
  return [
    ...breaks.map((claim) => `also breaks ${claim}`),
    ...aborts.map((abort) => `is also aborted by ${abort}`),
  ].join(' and ')
}

async function expectInside(
  lane: Lane,
  id: StrategyId,
  expected: Expectation,
  note: Note,
): Promise<void> {
  const strategy = catalogue[id]
  await prepareLane(lane, strategy, 'phase')
  const options = { lane, strategy, grain: 'phase' } as const
  const survey = await surveyScenarios(options, exhaustive, { preemptions })
  const { violations, aborted } = survey
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
  note({ schedules: survey.schedules, broken: broken.filter((claim) => isKnown(claim, expected)) })
  const surprise = added.find((claim) => !isKnown(claim, expected))
  if (surprise !== undefined) await showSurprise({ ...options, claim: surprise, preemptions }, note)
  expectJudged(survey)
  const rarely = inside?.breaksRarely ?? []
  expect(added.filter((claim) => !rarely.includes(claim))).toEqual(inside?.breaks ?? [])
  const known = new Set([...aborts, ...abortsOnSomeVersions])
  const besides = aborted.keys().filter((abort) => !known.has(abort))
  expect(besides.toArray().toSorted()).toEqual(inside?.aborts ?? [])
}

const isKnown = (claim: string, expected: Expectation): boolean => breakable(expected).has(claim)
