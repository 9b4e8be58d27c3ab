import { expect, test } from 'vitest'
import { explore, portfolio, type Exploration, type PropertyRecord } from '../harness/index.ts'
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
/** The least for one cell: less shows little, and a cell costs a database of its own. */
const leastMs = 1_000
/** What shrinking and closing may take besides. */
const graceMs = 600_000

const places = drawPlaces()
const until = deadline ?? Date.now() + searchMs

async function search({ id, cell, claims }: Place, timeBudgetMs: number): Promise<Exploration> {
  const lane = await openLaneAt(cell, engineOf(cell))
  try {
    return await explore({
      lane,
      strategy: catalogue[id],
      explorer: portfolio,
      seed,
      invariants: claims,
      timeBudgetMs,
    })
  } finally {
    await lane.close()
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
    const records = new Map(places.map((place) => [place, notReached(place)]))
    const sliceMs = Math.max(leastMs, (until - Date.now()) / places.length)
    const failures: Error[] = []
    let [searched, schedules] = [0, 0]
    for (const place of places) {
      if (Date.now() + leastMs > until) break
      const found = await search(place, sliceMs)
      searched += 1
      schedules += found.schedules
      const record = { ...recordOf(place), schedules: found.schedules }
      records.set(place, record)
      try {
        expectHeld(place, found, (more) => records.set(place, { ...record, ...more }))
      } catch (error) {
        failures.push(error as Error)
      }
    }
    task.meta.seed = seed
    task.meta.lockstep = [...records.values()]
    process.stderr.write(
      `new search, LOCKSTEP_SEED=${seed}: ${schedules} schedules in ${searched} cells; ${places.length - searched} cells were not searched, as there was no time for them\n`,
    )
    failWithAll(failures)
    if (searched === 0) skip('the time budget was used up')
    expect(schedules).toBeGreaterThan(0)
  },
)

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
