import type { Results } from '../../comparison/results.ts'
import type { Platform } from '../../hermitage/platform.ts'
import type { IsolationLevel } from '../../databases/isolation.ts'
import { duration } from '../../comparison/estimate.ts'
import { indent } from '../layout.ts'
import { count } from '../../words.ts'
import { columnName, countStandings, gridOf, reasonsNotRun, type Standing } from './grid.ts'

const symbols = {
  holds: '+',
  violated: 'X',
  inconclusive: '?',
  'not run': '-',
  'not asked': ' ',
} as const satisfies Record<Standing, string>

const letters = {
  'read-uncommitted': 'u',
  'read-committed': 'c',
  'repeatable-read': 'r',
  serializable: 's',
} as const satisfies Record<IsolationLevel, string>

const titles = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  'mariadb with snapshot isolation': 'MariaDB+si',
} as const satisfies Record<Platform, string>

/** Columns of a terminal that nobody has widened. */
const width = 80

/** A comparison for people at a terminal, at most 80 columns wide: what is safe where. */
export function renderComparison(results: Results): string {
  const counts = countStandings(results)
  const cells = counts.holds + counts.violated + counts.inconclusive
  const state = results.finishedAt === undefined ? 'not finished, ' : ''
  return [
    `${count(cells, 'cell')} in ${duration(results.elapsedMs)}: ${state}${counts.holds} held, ${counts.violated} violated, ${counts.inconclusive} inconclusive, ${counts['not run']} not run`,
    ...(cells + counts['not run'] === 0 ? [] : ['', ...matrixLines(results), '', ...legend]),
    ...omissions(results),
  ].join('\n')
}

const legend = [
  '+ held  X violated  ? inconclusive  - not run',
  'u read-uncommitted  c read-committed  r repeatable-read  s serializable',
]

function matrixLines(results: Results): string[] {
  const { columns, workloads } = gridOf(results)
  const widths = columns.map(({ platform, levels }) =>
    Math.max(titles[platform].length, 2 * levels.length - 1),
  )
  const inColumns = (name: string, texts: readonly string[]): string =>
    [name, ...texts.map((text, index) => text.padEnd(widths[index] ?? 0))].join('  ').trimEnd()
  const nameWidth = Math.max(
    ...workloads
      .flatMap(({ name, rows }) => [name, ...rows.map((row) => row.strategy)])
      .map(({ length }) => length),
  )
  return workloads.flatMap(({ name, rows }, index) => [
    ...(index > 0 ? [''] : []),
    inColumns(
      name.padEnd(nameWidth),
      columns.map(({ platform }) => titles[platform]),
    ),
    inColumns(
      ''.padEnd(nameWidth),
      columns.map(({ levels }) => levels.map((level) => letters[level]).join(' ')),
    ),
    ...rows.map(({ strategy, cells }) =>
      inColumns(
        strategy.padEnd(nameWidth),
        columns.map(({ platform, levels }) =>
          levels
            .map(
              (level) => symbols[cells.get(columnName(platform, level))?.standing ?? 'not asked'],
            )
            .join(' '),
        ),
      ),
    ),
  ])
}

function omissions(results: Results): string[] {
  const reasons = reasonsNotRun(results)
  if (reasons.length === 0) return []
  return [
    '',
    'Not measured:',
    ...reasons.map(({ part, reason, places }) =>
      indent(`${part} of ${count(places.length, 'cell')}: ${reason}`, 2, width),
    ),
  ]
}
