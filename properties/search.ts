import fc from 'fast-check'
import { byName, engines, type Strategy } from '../harness/index.ts'
import { whyMissing } from '../harness/testing/lane.ts'
import { catalogue, strategyIds, type StrategyId } from '../strategies/index.ts'
import { seed } from './budget.ts'
import { cellsOf, platforms, type Cell } from './cells.ts'
import { changed } from './changed.ts'
import { expectations } from './expectations.ts'
import { breakable } from './expectations/expectation.ts'

/** Where something is claimed that is expected to hold, whoever comes between. */
export interface Place {
  readonly id: StrategyId
  readonly cell: Cell
  readonly claims: readonly string[]
}

function placeOf(id: StrategyId, cell: Cell): Place {
  const known = breakable(expectations[id][cell.platform][cell.isolation])
  const { claims }: Strategy = catalogue[id]
  return { id, cell, claims: claims.filter((claim) => !known.has(claim)) }
}

export const engineOf = ({ engine }: Cell) => byName('database', engines, engine)

/** All of them, what has changed first, and otherwise in an order of the seed's. */
export function drawPlaces(): readonly Place[] {
  const all = platforms
    .flatMap(cellsOf)
    .filter((cell) => whyMissing(engineOf(cell)) === undefined)
    .flatMap((cell) => strategyIds.map((id) => placeOf(id, cell)))
    .filter(
      ({ id, cell, claims }) => catalogue[id].engines.includes(cell.engine) && claims.length > 0,
    )
  const [shuffled = []] = fc.sample(fc.shuffledSubarray(all, { minLength: all.length }), {
    seed,
    numRuns: 1,
  })
  const isChanged = ({ id }: Place): boolean => changed.includes(id)
  return [...shuffled.filter(isChanged), ...shuffled.filter((place) => !isChanged(place))]
}
