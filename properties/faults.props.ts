import { afterAll, beforeAll, describe, expect } from 'vitest'
import {
  byName,
  engines,
  explore,
  faultScopes,
  random,
  type Exploration,
  type Lane,
} from '../harness/index.ts'
import { Inconclusive } from '../harness/testing/inconclusive.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { catalogue, type StrategyId } from '../strategies/index.ts'
import { mostSchedules, seed } from './budget.ts'
import { testCell, type Note } from './cell-test.ts'
import { cellsOf, describeCell, platforms, type Cell } from './cells.ts'
import { underFaults } from './expectations/faults.ts'
import { failWith } from './surprise.ts'

/** Schedules of a strategy that should stand whatever happens to its connections. */
const schedules = 120

async function search(
  lane: Lane,
  id: StrategyId,
  most: number,
  invariants?: readonly string[],
): Promise<Exploration> {
  const found = await explore({
    lane,
    invariants,
    strategy: catalogue[id],
    explorer: random,
    seed,
    faults: faultScopes.connection,
    schedules: most,
  })
  if (found.verdict === 'inconclusive') throw new Inconclusive(found.reason)
  return found
}

async function expectHolds(lane: Lane, id: StrategyId, note: Note): Promise<void> {
  const found = await search(lane, id, schedules)
  note({ schedules: found.schedules })
  if (found.verdict === 'violated') {
    failWith(catalogue[id], found, found.counterexample.invariant, note)
  }
  for (const times of Object.values(found.faults ?? {})) expect(times).toBeGreaterThan(0)
}

/** One client that hears nothing of its COMMIT is all that it takes. */
async function expectBreaks(
  lane: Lane,
  id: StrategyId,
  invariants: readonly string[],
  note: Note,
): Promise<void> {
  for (const invariant of invariants) {
    const found = await search(lane, id, mostSchedules, [invariant])
    expect(`${invariant}: ${found.verdict}`).toBe(`${invariant}: violated`)
    if (found.verdict !== 'violated') continue
    const { plan, replays } = found.counterexample
    expect(replays).toEqual({ reproduced: 10, of: 10 })
    expect(plan.actors.map((commands) => commands.length)).toEqual([1])
    expect(plan.faults).toEqual([{ actor: 0, step: 4, kind: 'answer-lost' }])
  }
  note({ broken: invariants })
}

/** The cell of a platform that its server is in by itself. */
const ownCells: readonly Cell[] = platforms.flatMap((platform) =>
  cellsOf(platform).filter(
    ({ engine, isolation }) => byName('database', engines, engine).defaultIsolation === isolation,
  ),
)

describe.each(ownCells)('when connections break, on $platform', (cell) => {
  const engine = byName('database', engines, cell.engine)
  const notRun = whyMissing(engine)
  let lane: Lane
  beforeAll(async () => {
    if (notRun === undefined) lane = await openLaneAt(cell, engine)
  })
  afterAll(() => lane?.close())

  for (const [id, breaks] of Object.entries(underFaults) as [StrategyId, readonly string[]][]) {
    const outcome = breaks.length === 0 ? 'holds' : `breaks ${breaks.join(' and ')}`
    testCell(
      `${outcome} on ${describeCell(cell)}`,
      { strategy: id, cell, aspect: 'under faults', notRun },
      (note) =>
        breaks.length === 0 ? expectHolds(lane, id, note) : expectBreaks(lane, id, breaks, note),
    )
  }
})
