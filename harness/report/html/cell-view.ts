import type {
  Cell,
  CellNotRun,
  Cost,
  Place,
  Safety,
  SearchResult,
} from '../../comparison/results.ts'
import {
  firstViolation,
  naiveRate,
  violationRate,
  type Interval,
} from '../../comparison/statistics.ts'
import { outcomeOf } from '../../comparison/outcome.ts'
import { pathOf } from '../../comparison/places.ts'
import { count } from '../../words.ts'
import type { AnyWorkload } from '../../workload.ts'
import { loadViews } from './load-view.ts'
import type { CellView, FirstView, RateView, Status } from './report-view.ts'
import { searchView } from './search-view.ts'
import { list, percent, platformTitles } from './words.ts'

/** All that is known of one place. */
export interface CellSource {
  readonly place: Place
  readonly cell: Cell | undefined
  readonly notRun: readonly CellNotRun[]
  readonly workload: AnyWorkload | undefined
}

export function cellView(source: CellSource): CellView {
  const { workload, strategy, platform, isolation } = source.place
  const { safety, cost } = source.cell ?? {}
  const status = statusOf(source)
  const rate = rateOf(safety)
  const first = firstOf(safety)
  const naive = naiveOf(safety)
  return {
    id: pathOf(source.place),
    workload,
    strategy,
    platform,
    platformTitle: platformTitles[platform],
    isolation,
    status,
    detail: detailOf(status, safety),
    isExhausted: status === 'holds' && exhausted(safety).length > 0,
    remarks: remarksOn(source),
    ...(rate && { rate }),
    ...(first && { first }),
    ...(naive && { naive }),
    searches: (safety?.searches ?? []).map((search) => searchView(search, source.workload)),
    loads: loadViews(cost),
  }
}

function statusOf({ cell, notRun }: CellSource): Status {
  if (cell?.safety || cell?.cost) return outcomeOf(cell) ?? 'not judged'
  if (notRun.length === 0) return 'not asked'
  return notRun.every(({ unsupported }) => unsupported) ? 'not supported' : 'not run'
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

function remarksOn({ cell, notRun }: CellSource): string[] {
  const hasCounterexample = cell?.safety?.searches.some(({ verdict }) => verdict === 'violated')
  const besides = brokenBesides(cell ?? {})
  const unjudged = sum(cell?.safety?.rate?.series ?? [], ({ notJudged }) => notJudged)
  return [
    ...(!hasCounterexample && besides.length > 0
      ? [`No search came to a counterexample, but:`]
      : []),
    ...(hasCounterexample ? brokenUnderLoad(cell?.cost) : besides),
    ...(cell?.safety?.searches.flatMap(({ reason }) => reason ?? []) ?? []),
    ...(unjudged > 0 ? [`${count(unjudged, 'drawn schedule')} could not be judged.`] : []),
    ...failuresOf(cell?.cost),
    ...notRun.map(({ part, reason }) => `${partTitle(part)} not measured. ${reason}`),
  ]
}

function failuresOf(cost: Cost | undefined): string[] {
  const failures = cost?.failures ?? []
  return [...Map.groupBy(failures, ({ reason }) => reason).entries()].map(
    ([reason, runs]) => `${count(runs.length, 'load run')} could not be judged. ${reason}`,
  )
}

const partTitle = (part: CellNotRun['part']): string =>
  ({ safety: 'Safety was', cost: 'Cost was', both: 'Safety and cost were' })[part]

/** The few words under the status. */
function detailOf(status: Status, safety: Safety | undefined): string {
  if (status === 'not judged') return 'cost only'
  if (status === 'holds') return holdsIn(safety)
  if (status !== 'violated') return ''
  const rate = violationRate(safety)
  const first = firstViolation(safety)
  // Of what no drawn schedule has broken, the rate says little.
  if (!rate?.value || !first) return foundAt(safety)
  return `${percent(rate.value)}, ${'schedules' in first ? `at ${first.schedules}` : `after ${first.beyond}+`}`
}

function foundAt(safety: Safety | undefined): string {
  const found = safety?.searches.find(({ verdict }) => verdict === 'violated')
  return found ? `found at ${found.schedules}` : 'under load'
}

function holdsIn(safety: Safety | undefined): string {
  const all = exhausted(safety)
  if (all.length > 0) return `all ${thousands(sum(all, ({ schedules }) => schedules))}`
  return `${thousands(sum(safety?.searches ?? [], ({ schedules }) => schedules))} tried`
}

const exhausted = (safety: Safety | undefined): SearchResult[] =>
  (safety?.searches ?? []).filter((search) => search.exhausted)

function rateOf(safety: Safety | undefined): RateView | undefined {
  const interval = violationRate(safety)
  const { rate } = safety ?? {}
  if (!interval || !rate) return undefined
  const broken = sum(rate.series, ({ violations }) => violations)
  const judged = sum(rate.series, ({ schedules, notJudged }) => schedules - notJudged)
  const seeds = count(rate.series.length, 'seed')
  return {
    ...inOrder(interval),
    basis: `${thousands(broken)} of ${count(judged, 'schedule')} drawn by ${rate.explorer}, from ${seeds}`,
  }
}

function firstOf(safety: Safety | undefined): FirstView | undefined {
  const first = firstViolation(safety)
  const series = safety?.rate?.series ?? []
  if (!first || series.every(({ first: found }) => found === null)) return undefined
  const found = series.map(({ first: at, schedules }) =>
    at === null ? `none in ${schedules}` : String(at),
  )
  return {
    text: 'schedules' in first ? thousands(first.schedules) : `more than ${first.beyond}`,
    basis: `${count(series.length, 'seed')}: ${list(found)}`,
  }
}

function naiveOf(safety: Safety | undefined): RateView | undefined {
  const interval = naiveRate(safety)
  const { naive } = safety ?? {}
  if (!interval || !naive) return undefined
  const judged = naive.trials - naive.notJudged
  return {
    ...inOrder(interval),
    basis: `${thousands(naive.violations)} of ${count(judged, 'run')} of the same plans with no scheduler`,
  }
}

const inOrder = ({ value, low, high }: Interval): Interval => ({ value, low, high })

const counted = new Intl.NumberFormat('en')
const thousands = (number: number): string => counted.format(number)

const sum = <T>(items: readonly T[], figure: (item: T) => number): number =>
  items.reduce((total, item) => total + figure(item), 0)
