import type { Cell, CellNotRun, Cost } from '../../comparison/results.ts'
import { count } from '../../words.ts'
import { sum } from './words.ts'

/** What has to be said of a cell, in whole sentences. */
export function remarksOn(cell: Cell | undefined, notRun: readonly CellNotRun[]): string[] {
  const hasCounterexample = cell?.safety?.searches.some(({ verdict }) => verdict === 'violated')
  const besides = brokenBesides(cell ?? {})
  const unjudged = sum(cell?.safety?.rate?.series ?? [], ({ notJudged }) => notJudged)
  const naive = cell?.safety?.naive?.notJudged ?? 0
  return [
    ...(!hasCounterexample && besides.length > 0
      ? [`No search came to a counterexample, but:`]
      : []),
    ...(hasCounterexample ? brokenUnderLoad(cell?.cost) : besides),
    ...(cell?.safety?.searches.flatMap(({ reason }) => reason ?? []) ?? []),
    ...(unjudged > 0 ? [`${count(unjudged, 'drawn schedule')} could not be judged.`] : []),
    ...(naive > 0 ? [`${count(naive, 'run')} with no scheduler could not be judged.`] : []),
    ...failuresOf(cell?.cost),
    ...notRun.map(({ part, reason }) => `${partTitle(part)} not measured. ${reason}`),
  ]
}

/** What broke claims outside of the searches, in whole sentences. */
function brokenBesides({ safety, cost }: Partial<Cell>): string[] {
  const drawn = sum(safety?.rate?.series ?? [], ({ violations }) => violations)
  const naive = safety?.naive?.violations ?? 0
  return [
    ...(drawn > 0 ? [`${count(drawn, 'drawn schedule')} broke a claim.`] : []),
    ...(naive > 0 ? [`${count(naive, 'run')} with no scheduler broke a claim.`] : []),
    ...brokenUnderLoad(cost),
  ]
}

function brokenUnderLoad(cost: Cost | undefined): string[] {
  const found = (cost?.loads ?? []).flatMap(({ clients, contention, violations }) =>
    violations.map(({ invariant, message }) => ({ clients, contention, invariant, message })),
  )
  // One for each invariant is enough to know of it.
  return [...Map.groupBy(found, ({ invariant }) => invariant).values()].flatMap(([first]) =>
    first
      ? `After a load of ${count(first.clients, 'client')} on ${first.contention} rows, ${first.invariant} did not hold: ${shortened(first.message)}`
      : [],
  )
}

/** After a load, a message may name thousands of rows: the whole of it is in results.json. */
const shortened = (message: string): string =>
  message.length > mostCharacters ? `${message.slice(0, mostCharacters).trimEnd()} …` : message

const mostCharacters = 300

function failuresOf(cost: Cost | undefined): string[] {
  const failures = cost?.failures ?? []
  return [...Map.groupBy(failures, ({ reason }) => reason).entries()].map(
    ([reason, runs]) => `${count(runs.length, 'load run')} could not be judged. ${reason}`,
  )
}

const partTitle = (part: CellNotRun['part']): string =>
  ({ safety: 'Safety was', cost: 'Cost was', both: 'Safety and cost were' })[part]
