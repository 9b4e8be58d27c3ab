import type { SearchResult } from '../../comparison/results.ts'
import { count } from '../../words.ts'
import type { AnyWorkload } from '../../workload.ts'
import { describeChoices, describeReplies, grainTitles } from '../text.ts'
import { counterexampleView } from './counterexample-view.ts'
import type { Fact, InvariantView, SearchView } from './report-view.ts'

/** One search of a cell, as the page shows it. */
export function searchView(search: SearchResult, workload: AnyWorkload | undefined): SearchView {
  const { verdict, reason, counterexample } = search
  return {
    verdict,
    extent: extentOf(search),
    ...(reason !== undefined && { reason }),
    grains: search.grains.map(describeGrain),
    invariants: search.invariants.map((each) => describeInvariant(each, counterexample?.invariant)),
    replies: describeReplies(search.replies),
    ...(counterexample && { counterexample: counterexampleView(counterexample, workload) }),
  }
}

/** `all 924 schedules of scenario same-user (exhaustive)`. */
function extentOf({ schedules, exhausted, scenario, explorer, grains }: SearchResult): string {
  const number = count(schedules, 'schedule')
  const isReduced = grains.some(({ redundant }) => redundant !== undefined)
  const all = isReduced ? `${number} that stand for all` : `all ${number}`
  const of = scenario === undefined ? '' : ` of scenario ${scenario}`
  const seed = explorer.seed === undefined ? '' : `, seed ${explorer.seed}`
  return `${exhausted ? all : number}${of} (${explorer.name}${seed})`
}

function describeGrain(counted: SearchResult['grains'][number]): Fact {
  const { grain, schedules, exhausted, redundant, notRun } = counted
  const number = count(schedules, 'schedule')
  const value =
    notRun === undefined
      ? `${exhausted && redundant === undefined ? 'all ' : ''}${number}${describeChoices(counted)}`
      : `not run: ${notRun}`
  return { name: grainTitles[grain], value }
}

function describeInvariant(
  { name, claimed, judged, violations }: SearchResult['invariants'][number],
  shown: string | undefined,
): InvariantView {
  // Shrinking may have led to one that comes before what the search had found.
  const held = name === shown ? 'held in the search, broken in the counterexample' : 'held'
  const standing = claimed ? 'claimed' : 'not claimed'
  return {
    name,
    outcome: violations === 0 ? held : `broken in ${count(violations, 'schedule')}`,
    isBroken: violations > 0 || name === shown,
    standing: judged ? standing : `${standing}, measured only`,
  }
}
