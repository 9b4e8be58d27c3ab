import type { Lane } from '../databases/engine.ts'
import { explore, type ExploreOptions } from '../explore.ts'
import { portfolio } from '../explorers/portfolio.ts'
import { random } from '../explorers/random.ts'
import { reduced } from '../explorers/reduced.ts'
import { renderCounterexample } from '../report/text.ts'
import { prepareLane } from '../run.ts'
import type { Strategy } from '../strategy.ts'
import type { Counterexample, Exploration } from '../verdict.ts'
import type { AnyWorkload } from '../workload.ts'
import type { Effort } from './effort.ts'
import type { Safety, SearchResult, StoredCounterexample } from './results.ts'
import { runSeries, runUncontrolled, type Target } from './series.ts'

export interface SafetyOptions {
  readonly lane: Lane
  readonly strategy: Strategy
  readonly effort: Effort
  readonly seed: number
  readonly replayCommand: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Whether a strategy keeps what it claims, and how soon it shows where it does not: first every schedule
 * of a scenario, as far as the time allows, then plans that are drawn; then, for figures that can be
 * compared, a fixed number of drawn plans whatever they break, and as many with no scheduler.
 *
 * @throws {Fault} when the server is lost.
 */
export async function measureSafety(options: SafetyOptions): Promise<Safety> {
  const searches = await search(options)
  const { lane, strategy, signal } = options
  // Without anything to judge, or anybody to judge it for, figures say nothing.
  if (signal?.aborted || searches.every(({ schedules }) => schedules === 0)) return { searches }
  await prepareLane(lane, strategy)
  return { searches, ...(await frequencies(options)) }
}

async function search(options: SafetyOptions): Promise<SearchResult[]> {
  const { effort, strategy, seed } = options
  const searches: SearchResult[] = []
  if (effort.enumerationMs > 0) {
    const budget = { explorer: reduced, timeBudgetMs: effort.enumerationMs }
    searches.push(await searchWith(options, budget))
  }
  const [all] = searches
  if (all !== undefined && all.verdict !== 'holds') return searches
  if (effort.schedules > 0) {
    const budget = { schedules: effort.schedules, timeBudgetMs: effort.searchMs }
    searches.push(await searchWith(options, { explorer: portfolio, seed, ...budget }))
  }
  if (searches.length > 0) return searches
  throw new Error(`There is no search of ${strategy.name} to be done.`)
}

async function searchWith(
  { lane, strategy, effort, signal, replayCommand }: SafetyOptions,
  budget: Pick<ExploreOptions, 'explorer' | 'timeBudgetMs' | 'schedules' | 'seed'>,
): Promise<SearchResult> {
  const options = { lane, strategy, signal, shrinkBudgetMs: effort.shrinkMs }
  const exploration = await explore({ ...options, ...budget })
  return toSearchResult(strategy.workload, exploration, replayCommand)
}

/** What is kept of an exploration. */
export function toSearchResult(
  workload: AnyWorkload,
  exploration: Exploration,
  replayCommand: string,
): SearchResult {
  const { verdict, explorer, scenario, schedules, exhausted, elapsedMs } = exploration
  return {
    verdict,
    ...(exploration.verdict === 'inconclusive' && { reason: exploration.reason }),
    explorer,
    ...(scenario !== undefined && { scenario }),
    schedules,
    exhausted,
    grains: exploration.grains.map((grain) => ({ ...grain })),
    elapsedMs,
    replies: { ...exploration.replies, aborted: { ...exploration.replies.aborted } },
    invariants: exploration.invariants.map(({ name, claimed, judged, violations }) => ({
      name,
      claimed,
      judged,
      violations,
    })),
    ...(exploration.verdict === 'violated' && {
      counterexample: toStored(
        exploration.counterexample,
        renderCounterexample(workload, exploration, exploration.counterexample, { replayCommand }),
      ),
    }),
  }
}

function toStored(counterexample: Counterexample, text: string): StoredCounterexample {
  const { run, plan, anomaly, serialEquivalence: _, ...described } = counterexample
  const stored = { ...described, plan, anomaly, history: run.history, text }
  // As it will be read: nothing in it is shared, and nothing is left that JSON does not know.
  return JSON.parse(
    JSON.stringify({ ...stored, final: run.observation.final }),
  ) as StoredCounterexample
}

async function frequencies({
  lane,
  strategy,
  effort,
  seed,
  signal,
}: SafetyOptions): Promise<Pick<Safety, 'rate' | 'naive'>> {
  const target: Target = { lane, strategy, signal }
  const series: NonNullable<Safety['rate']>['series'] = []
  for (let index = 0; index < effort.seeds; index++) {
    if (signal?.aborted) break
    const draw = { explorer: random, seed: (seed + index) | 0, runs: effort.schedulesPerSeed }
    const { runs: schedules, first = null, ...broken } = await runSeries(target, draw)
    series.push({ seed: draw.seed, ...broken, schedules, first })
  }
  const draw = { explorer: random, seed, runs: effort.naiveTrials }
  const { runs: trials, violations, notJudged } = await runUncontrolled(target, 'none', draw)
  return {
    rate: { explorer: random.name, series },
    ...(trials > 0 && { naive: { trials, violations, notJudged } }),
  }
}
