import {
  firstViolation,
  loadPoints,
  meanOf,
  naiveRate,
  violationRate,
  type Interval,
  type LoadPoint,
} from '../../comparison/statistics.ts'
import { counterexampleIn, outcomeOf, reasonIn } from '../../comparison/outcome.ts'
import { placeName, type Cell, type LoadSample, type Results } from '../../comparison/results.ts'
import { duration } from '../../comparison/estimate.ts'
import { count } from '../../words.ts'
import { columnName, countStandings, gridOf, reasonsNotRun, type Standing } from './grid.ts'

const words = {
  holds: 'holds',
  violated: '**violated**',
  inconclusive: 'inconclusive',
  'not run': 'not run',
  'not asked': '',
} as const satisfies Record<Standing, string>

/** A comparison as a page of Markdown: what is safe where, what it costs, and what was left out. */
export function resultsToMarkdown(results: Results): string {
  return `${[
    '# Comparison of strategies',
    '',
    ...about(results),
    '',
    '## Is it safe?',
    ...matrices(results),
    '',
    ...safetyTable(results),
    ...costTables(results),
    ...notMeasured(results),
  ].join('\n')}\n`
}

function about(results: Results): string[] {
  const { machine, lockstep, databases, settings } = results
  const counts = countStandings(results)
  const revision =
    lockstep.revision === undefined
      ? ''
      : `, revision ${lockstep.revision.slice(0, 12)}${lockstep.dirty ? ' with changes' : ''}`
  const [processor = 'unknown processor'] = machine.processors
  return [
    `${counts.holds} cells held, ${counts.violated} were violated, ${counts.inconclusive} inconclusive, ${counts['not run']} not run.`,
    ...(results.finishedAt === undefined ? ['', '**It was not finished.**'] : []),
    '',
    `- ${results.startedAt.slice(0, 10)}, ${duration(results.elapsedMs)}, ${settings.mode}, seed ${settings.seed}, Lockstep ${lockstep.version}${revision}`,
    ...databases.map(
      ({ platform, version, provider }) =>
        `- ${platform}: ${escape(version)} (${escape(provider)})`,
    ),
    `- ${count(machine.processors.length, 'core')} of ${escape(processor)}, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, ${escape(machine.platform)}, Node ${machine.node}`,
  ]
}

function matrices(results: Results): string[] {
  const { columns, workloads } = gridOf(results)
  const heads = columns.flatMap(({ platform, levels }) =>
    levels.map((level) => `${platform}<br>${level}`),
  )
  return workloads.flatMap(({ name, rows }) => [
    '',
    `### ${name}`,
    '',
    ...table(
      ['strategy', ...heads],
      rows.map(({ strategy, cells }) => [
        `\`${strategy}\``,
        ...columns.flatMap(({ platform, levels }) =>
          levels.map(
            (level) => words[cells.get(columnName(platform, level))?.standing ?? 'not asked'],
          ),
        ),
      ]),
    ),
  ])
}

function safetyTable({ cells }: Results): string[] {
  const unsafe = cells.filter((cell) => (outcomeOf(cell) ?? 'holds') !== 'holds')
  if (unsafe.length === 0) return []
  return [
    '### What broke',
    '',
    'The rate is that of drawn schedules which break a claim, with its 95 % interval (Wilson); *first* the median number of them to the first; *naive* the rate with no scheduler.',
    '',
    ...table(
      ['cell', 'invariant', 'anomaly', 'rate', 'first', 'naive'],
      unsafe.map((cell) => [placeName(cell), ...whatBroke(cell)]),
    ),
  ]
}

function whatBroke(cell: Cell): string[] {
  const { safety } = cell
  const counterexample = counterexampleIn(safety)
  const invariant = counterexample?.invariant ?? reasonIn(safety) ?? 'found by chance only'
  return [
    escape(invariant),
    counterexample?.anomaly.name ?? '',
    percent(violationRate(safety)),
    first(cell),
    percent(naiveRate(safety)),
  ]
}

function first({ safety }: Cell): string {
  const found = firstViolation(safety)
  if (!found) return ''
  return 'beyond' in found ? `> ${found.beyond}` : String(found.schedules)
}

function percent(share: Interval | undefined): string {
  if (!share) return ''
  const [value, low, high] = [share.value, share.low, share.high].map((each) =>
    (100 * each).toFixed(0),
  )
  return `${value} % (${low}–${high})`
}

function costTables({ cells }: Results): string[] {
  const groups = Map.groupBy(
    cells.filter(({ cost }) => (cost?.loads.length ?? 0) > 0),
    ({ platform, isolation }) => columnName(platform, isolation),
  )
  if (groups.size === 0) return []
  return [
    '',
    '## What does it cost?',
    '',
    'Commands answered with ok per second, mean of all repetitions, and the 99th percentile of their latency; aborts for each of them in brackets.',
    ...[...groups].flatMap(([name, group]) => ['', `### ${name}`, '', ...costTable(group)]),
  ]
}

function costTable(cells: readonly Cell[]): string[] {
  const points = cells.map((cell) => loadPoints(cell.cost))
  const heads = [...new Map(points.flat().map((point) => [pointName(point), point])).values()]
    .toSorted((a, b) => a.contention.localeCompare(b.contention) || a.clients - b.clients)
    .map(pointName)
  return table(
    ['strategy', ...heads],
    cells.map((cell, index) => [
      `\`${cell.workload}/${cell.strategy}\`${outcomeOf(cell) === 'violated' ? ' (unsafe)' : ''}`,
      ...heads.map((head) => {
        const point = points[index]?.find((each) => pointName(each) === head)
        return point ? describePoint(point) : ''
      }),
    ]),
  )
}

const pointName = ({ contention, clients }: LoadPoint): string =>
  `${contention}, ${count(clients, 'client')}`

function describePoint(point: LoadPoint): string {
  const rate = meanOf(point, ({ commandsPerSecond }) => commandsPerSecond)?.value ?? 0
  const tail = meanOf(
    { ...point, samples: withLatency(point) },
    ({ latencyMs }) => latencyMs?.p99 ?? 0,
  )
  const aborts = meanOf(point, ({ aborts: refused, replies }) => refused / Math.max(1, replies.ok))
  const refused = aborts && aborts.value >= 0.005 ? ` (${aborts.value.toFixed(2)})` : ''
  return `${Math.round(rate)}/s, ${tail ? `${tail.value.toFixed(1)} ms` : 'no ok'}${refused}`
}

const withLatency = ({ samples }: LoadPoint): LoadSample[] =>
  samples.filter(({ latencyMs }) => latencyMs !== undefined)

function notMeasured(results: Results): string[] {
  const reasons = reasonsNotRun(results)
  const failures = results.cells.flatMap((cell) =>
    (cell.cost?.failures ?? []).map(
      ({ clients, contention, reason }) =>
        `- load of ${placeName(cell)}, ${contention}, ${count(clients, 'client')}: ${escape(reason)}`,
    ),
  )
  if (reasons.length + failures.length === 0) return []
  return [
    '',
    '## What was not measured',
    '',
    ...reasons.map(
      ({ part, reason, places }) =>
        `- ${part} of ${count(places.length, 'cell')}: ${escape(reason)}`,
    ),
    ...failures,
  ]
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)]
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** Text from databases and strategies stays text, in a table too. */
const escape = (text: string): string =>
  text
    .replaceAll(/[\\`*_[\]|]/g, String.raw`\$&`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/\s+/g, ' ')
