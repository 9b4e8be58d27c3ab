import type { Safety } from '../../comparison/results.ts'
import {
  firstViolation,
  naiveRate,
  violationRate,
  type Interval,
} from '../../comparison/statistics.ts'
import { count } from '../../words.ts'
import type { FirstView, RateView } from './report-view.ts'
import { list, sum, thousands } from './words.ts'

/** How often drawn schedules break a claim. */
export function rateOf(safety: Safety | undefined): RateView | undefined {
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

/** Which of them was the first to, if any was. */
export function firstOf(safety: Safety | undefined): FirstView | undefined {
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

/** How often the database does with no scheduler. */
export function naiveOf(safety: Safety | undefined): RateView | undefined {
  const interval = naiveRate(safety)
  const { naive } = safety ?? {}
  if (!interval || !naive) return undefined
  const judged = naive.trials - naive.notJudged
  return {
    ...inOrder(interval),
    basis: `${thousands(naive.violations)} of ${count(judged, 'run')} of such plans with no scheduler`,
  }
}

const inOrder = ({ value, low, high }: Interval): Interval => ({ value, low, high })
