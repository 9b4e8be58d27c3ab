import { stringify } from 'csv-stringify/sync'
import type { Cell, Results } from '../../comparison/results.ts'

/** One measurement a row. What does not apply is empty. */
interface Measurement {
  readonly measure: string
  readonly value: number | string | boolean
  readonly unit: string
  /** Of loads. */
  readonly clients?: number
  readonly contention?: string
  readonly repetition?: number
  /** Of searches and series of schedules. */
  readonly explorer?: string
  readonly seed?: number | undefined
}

const columns = [
  'workload',
  'strategy',
  'platform',
  'isolation',
  'measure',
  'value',
  'unit',
  'clients',
  'contention',
  'repetition',
  'explorer',
  'seed',
] as const

/**
 * All raw figures as a tidy table: every row is one measurement, every column one variable. Source:
 * Wickham, "Tidy Data", Journal of Statistical Software 2014.
 */
export function resultsToCsv({ cells }: Results): string {
  const rows = cells.flatMap((cell) => {
    const { workload, strategy, platform, isolation } = cell
    const place = { workload, strategy, platform, isolation }
    return [...safetyOf(cell), ...costOf(cell)].map((measurement) => ({ ...place, ...measurement }))
  })
  return stringify(rows, {
    header: true,
    columns: [...columns],
    cast: { boolean: String },
    // What a spreadsheet would take for a formula stays text.
    escape_formulas: true,
  })
}

function safetyOf({ safety }: Cell): Measurement[] {
  if (!safety) return []
  const searches = safety.searches.flatMap((search): Measurement[] => {
    const by = { explorer: search.explorer.name, seed: search.explorer.seed }
    return [
      { measure: 'verdict', value: search.verdict, unit: '', ...by },
      { measure: 'schedules', value: search.schedules, unit: 'schedules', ...by },
      { measure: 'exhausted', value: search.exhausted, unit: '', ...by },
      { measure: 'search time', value: search.elapsedMs, unit: 'ms', ...by },
    ]
  })
  const explorer = safety.rate?.explorer ?? ''
  const series = (safety.rate?.series ?? []).flatMap((each): Measurement[] => {
    const by = { explorer, seed: each.seed }
    return [
      { measure: 'schedules of the series', value: each.schedules, unit: 'schedules', ...by },
      { measure: 'violations', value: each.violations, unit: 'schedules', ...by },
      { measure: 'not judged', value: each.notJudged, unit: 'schedules', ...by },
      ...(each.first === null
        ? []
        : [{ measure: 'first violation', value: each.first, unit: 'schedules', ...by }]),
    ]
  })
  return [...searches, ...series, ...naiveOf(safety.naive)]
}

function naiveOf(naive: NonNullable<Cell['safety']>['naive']): Measurement[] {
  if (!naive) return []
  const by = { unit: 'runs', explorer: 'naive' }
  return [
    { measure: 'naive runs', value: naive.trials, ...by },
    { measure: 'naive violations', value: naive.violations, ...by },
    { measure: 'naive not judged', value: naive.notJudged, ...by },
  ]
}

function costOf({ cost }: Cell): Measurement[] {
  return (cost?.loads ?? []).flatMap((load): Measurement[] => {
    const { clients, contention, repetition, latencyMs, lockWaitMs, replies } = load
    const aborted = Object.values(replies.aborted).reduce((sum, each) => sum + each, 0)
    const figures: readonly (readonly [string, number | undefined, string])[] = [
      ['throughput', load.commandsPerSecond, 'commands/s'],
      ['latency p50', latencyMs?.p50, 'ms'],
      ['latency p95', latencyMs?.p95, 'ms'],
      ['latency p99', latencyMs?.p99, 'ms'],
      ['latency max', latencyMs?.max, 'ms'],
      ['ok', replies.ok, 'commands'],
      ['rejected', replies.rejected, 'commands'],
      ['aborted', aborted, 'commands'],
      ['retries', load.retries, 'attempts'],
      ['aborts', load.aborts, 'attempts'],
      ['lock wait', lockWaitMs, 'ms'],
      ['invariants broken', load.violations.length, 'invariants'],
      ['elapsed', load.elapsedMs, 'ms'],
    ]
    return figures.flatMap(([measure, value, unit]) =>
      value === undefined ? [] : [{ measure, value, unit, clients, contention, repetition }],
    )
  })
}
