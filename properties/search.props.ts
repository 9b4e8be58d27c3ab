import { test } from 'vitest'
import {
  explore,
  grains,
  portfolio,
  type Exploration,
  type PropertyRecord,
} from '../harness/index.ts'
import { Inconclusive } from '../harness/testing/inconclusive.ts'
import { openLaneAt } from '../harness/testing/lane.ts'
import { catalogue } from '../strategies/index.ts'
import { deadline, seed } from './budget.ts'
import type { Note } from './cell-test.ts'
import { describeCell } from './cells.ts'
import { drawPlaces, engineOf, type Place } from './search.ts'
import { failWith } from './surprise.ts'

/** How long to search where nobody says how long everything may take. */
const searchMs = 20_000
/** What the last cell, shrinking and closing may take besides. */
const graceMs = 600_000
/** More would not be read. */
const mostFailures = 20
/** For one cell at a time. The same seed draws the same ones, however long they take. */
const schedules = 60

const places = drawPlaces()
const until = deadline ?? Date.now() + searchMs

async function search({ id, cell, claims }: Place, round: number): Promise<Exploration> {
  const lane = await openLaneAt(cell, engineOf(cell))
  try {
    return await explore({
      lane,
      strategy: catalogue[id],
      explorer: portfolio,
      // The next numbers are those of other grains.
      seed: (seed + round * grains.length) | 0,
      invariants: claims,
      schedules,
    })
  } finally {
    await lane.close()
  }
}

/** Every place in turn, again and again, until the time is used up. */
function* turns(): Generator<readonly [Place, round: number]> {
  for (let round = 0; ; round++) {
    for (const place of places) {
      if (Date.now() >= until) return
      yield [place, round]
    }
  }
}

function expectHeld({ id, cell }: Place, found: Exploration, note: Note): void {
  if (found.verdict === 'violated') {
    failWith(catalogue[id], found, found.counterexample.invariant, note)
  }
  if (found.verdict === 'inconclusive') {
    note({ inconclusive: found.reason })
    throw new Inconclusive(`${id} on ${describeCell(cell)}: ${found.reason}`)
  }
}

/** Fails as the first violation does, with all that was found. */
function failWithAll(failures: readonly Error[]): void {
  const isOpen = (error: Error): boolean => error instanceof Inconclusive
  const [first, ...others] = failures.toSorted((a, b) => Number(isOpen(a)) - Number(isOpen(b)))
  if (first === undefined) return
  first.message = [first, ...others].map(({ message }) => message).join('\n\n')
  throw first
}

/** What nobody knows yet may be anywhere: each run of the properties looks somewhere else. */
test.skipIf(places.length === 0)(
  'nothing else is broken where a new search looks',
  { timeout: Math.max(0, until - Date.now()) + graceMs },
  async ({ task, skip }) => {
    task.meta.seed = seed
    const records = new Map(places.map((place) => [place, notReached(place)]))
    const failures: Error[] = []
    for (const [place, round] of turns()) {
      const found = await search(place, round)
      const before = records.get(place)?.schedules ?? 0
      const note: Note = (more) =>
        records.set(place, { ...recordOf(place), schedules: before + found.schedules, ...more })
      note({})
      try {
        expectHeld(place, found, note)
      } catch (error) {
        failures.push(error as Error)
      }
      if (failures.length === mostFailures) break
    }
    task.meta.lockstep = [...records.values()]
    process.stderr.write(`${describeSearch(task.meta.lockstep)}\n`)
    failWithAll(failures)
    if (hasNotBegun(task.meta.lockstep)) skip('the time budget was used up')
  },
)

const hasNotBegun = (records: readonly PropertyRecord[]): boolean =>
  records.every(({ notRun }) => notRun !== undefined)

function describeSearch(records: readonly PropertyRecord[]): string {
  const searched = records.filter(({ notRun }) => notRun === undefined)
  const total = searched.reduce((sum, each) => sum + (each.schedules ?? 0), 0)
  const rest = records.length - searched.length
  return `new search, LOCKSTEP_SEED=${seed}: ${total} schedules in ${searched.length} cells; for ${rest} cells there was no time`
}

const recordOf = ({ id, cell }: Place): PropertyRecord => ({
  strategy: id,
  platform: cell.platform,
  isolation: cell.isolation,
  aspect: 'new search',
})

const notReached = (place: Place): PropertyRecord => ({
  ...recordOf(place),
  notRun: 'there was no time left for a new search',
})
