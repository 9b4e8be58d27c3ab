import { afterAll, beforeAll, describe, expect } from 'vitest'
import {
  byName,
  engines,
  explore,
  faultScopes,
  random,
  type EngineName,
  type Exploration,
  type ExploreOptions,
  type Lane,
} from '../harness/index.ts'
import { Inconclusive } from '../harness/testing/inconclusive.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { mortalServerForFile } from '../harness/testing/servers.ts'
import { catalogue, type StrategyId } from '../strategies/index.ts'
import { mostSchedules, seed } from './budget.ts'
import { testCell, type Note } from './cell-test.ts'
import { cellsOf, describeCell, platforms, type Cell } from './cells.ts'
import { underFaults } from './expectations/faults.ts'
import { failWith } from './surprise.ts'

/** Schedules of a strategy that should stand whatever happens to its connections. */
const schedules = 120
/** The same where a server has to come back, which takes a container of MySQL's more than a second. */
const killings = { postgres: 20, mariadb: 12, mysql: 8 } as const satisfies Record<
  EngineName,
  number
>

async function search(
  lane: Lane,
  id: StrategyId,
  more: Partial<ExploreOptions>,
): Promise<Exploration> {
  const strategy = catalogue[id]
  const { connection: faults } = faultScopes
  const found = await explore({ lane, strategy, explorer: random, seed, faults, ...more })
  if (found.verdict === 'inconclusive') throw new Inconclusive(found.reason)
  return found
}

async function expectHolds(
  lane: Lane,
  id: StrategyId,
  note: Note,
  more: Partial<ExploreOptions> = { schedules },
): Promise<void> {
  const found = await search(lane, id, more)
  note({ schedules: found.schedules })
  if (found.verdict === 'violated') {
    failWith(catalogue[id], found, found.counterexample.invariant, note)
  }
  // Of a few, no kind has to strike; that one has is what the search itself sees to.
  if (more.schedules !== schedules) return
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
    const found = await search(lane, id, { schedules: mostSchedules, invariants: [invariant] })
    expect(`${invariant}: ${found.verdict}`).toBe(`${invariant}: violated`)
    if (found.verdict !== 'violated') continue
    const { plan, replays } = found.counterexample
    expect(replays).toEqual({ reproduced: 10, of: 10 })
    expect(plan.actors.map((commands) => commands.length)).toEqual([1])
    expect(plan.faults).toEqual([{ actor: 0, step: 4, kind: 'answer-lost' }])
  }
  note({ broken: invariants })
}

/** The cell that an engine's server is in by itself. */
const ownCells: readonly Cell[] = engines.map(({ name, title, defaultIsolation }) => {
  const all = platforms.flatMap(cellsOf)
  const own = all.find((cell) => cell.engine === name && cell.isolation === defaultIsolation)
  if (!own) throw new Error(`${title} is on no platform.`)
  return own
})

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

/** A commit that nobody has heard of, and a server that is killed before the next attempt. */
const whenKilled = ['answer-lost', 'server-killed'] as const

for (const cell of ownCells) {
  const engine = byName('database', engines, cell.engine)
  const server = await mortalServerForFile(engine)
  const notRun = 'missing' in server ? server.missing : undefined
  describe(`when the server is killed, on ${cell.platform}`, () => {
    let lane: Lane
    beforeAll(async () => {
      if (!('missing' in server)) lane = await engine.openLane(server, cell)
    })
    afterAll(async () => {
      await lane?.close()
      if (!('missing' in server)) await server.stop()
    })

    for (const id of ['purchase/idempotency-key', 'purchase/request-table'] as const) {
      testCell(
        `has what it has acknowledged, and nothing twice, on ${describeCell(cell)}`,
        { strategy: id, cell, aspect: 'when the server is killed', notRun },
        (note) =>
          expectHolds(lane, id, note, {
            faults: whenKilled,
            grains: ['statement'],
            schedules: killings[cell.engine],
          }),
      )
    }
  })
}
