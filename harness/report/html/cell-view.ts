import { outcomeOf } from '../../comparison/outcome.ts'
import { pathOf } from '../../comparison/places.ts'
import type { Cell, CellNotRun, Place, Safety, SearchResult } from '../../comparison/results.ts'
import { firstViolation, violationRate } from '../../comparison/statistics.ts'
import type { AnyWorkload } from '../../workload.ts'
import { loadViews } from './load-view.ts'
import { firstOf, naiveOf, rateOf } from './rates.ts'
import { remarksOn } from './remarks.ts'
import type { CellView, Status } from './report-view.ts'
import { searchView } from './search-view.ts'
import { percent, platformTitles, sum, thousands } from './words.ts'

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
    remarks: remarksOn(source.cell, source.notRun),
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
  if (found) return `found at ${found.schedules}`
  return safety?.naive?.violations ? 'unscheduled' : 'under load'
}

/** Where a search has tried all there are, these are what counts: others add nothing to them. */
function holdsIn(safety: Safety | undefined): string {
  const all = exhausted(safety)
  if (all.length > 0) return `all, in ${schedulesOf(all)}`
  return `${schedulesOf(safety?.searches ?? [])} tried`
}

const schedulesOf = (searches: readonly SearchResult[]): string =>
  thousands(sum(searches, ({ schedules }) => schedules))

const exhausted = (safety: Safety | undefined): SearchResult[] =>
  (safety?.searches ?? []).filter((search) => search.exhausted)
