import { indent } from '../report/layout.ts'
import { engineTitles } from '../report/text.ts'
import { count } from '../words.ts'
import { cellsOf, type Cell } from './cell.ts'
import {
  hermitageVerdict,
  isDifferent,
  isInconclusive,
  type CaseResult,
  type HermitageResult,
  type LevelNotRun,
  type LevelResult,
} from './hermitage.ts'
import type { Judgement } from './judge.ts'
import { platformSettings, type Platform } from './platform.ts'
import { describeDatabase, renderRemarks } from './remark.ts'

/** The suite's results for people: plain text, at most 100 columns wide, no colour. */
export function renderHermitage(result: HermitageResult): string {
  const groups = Map.groupBy(result.levels, ({ platform }) => platform)
  return [
    ...groups.values().map(renderPlatform),
    ...(result.levels.length > 0 ? [legend] : []),
    ...result.levels.flatMap(renderRemarks),
    summary(result),
  ].join('\n\n')
}

const legend = [
  '-  prevented; reads  prevented for transactions that only read, seen once they write',
  '?  inconclusive; *  not as expected',
].join('\n')

const shortCells = {
  prevented: '-',
  'reads only': 'reads',
  seen: 'seen',
  inconclusive: '?',
} as const satisfies Record<Cell, string>

function renderPlatform(levels: readonly LevelResult[]): string {
  const [first] = levels
  if (!first) return ''
  return [describeDatabase(first), '', ...anomalyTable(levels), '', ...caseTable(levels)].join('\n')
}

/** A row for what is expected of a level, and below it one for what was observed. */
function anomalyTable(levels: readonly LevelResult[]): string[] {
  const header = cellsOf(levels[0]?.cases ?? []).map(({ anomaly }) => anomaly)
  const rows = levels.flatMap(({ isolation, cases }) => {
    const cells = cellsOf(cases)
    return [
      [isolation, 'expected', ...cells.map(({ expected }) => shortCells[expected])],
      [
        '',
        'observed',
        ...cells.map(
          ({ expected, observed }) => `${shortCells[observed]}${observed === expected ? '' : '*'}`,
        ),
      ],
    ]
  })
  return inColumns([['', '', ...header], ...rows])
}

/** What came of every case, and what prevented it. */
function caseTable(levels: readonly LevelResult[]): string[] {
  const names = levels[0]?.cases.map(({ which }) => which.name) ?? []
  const rows = names.map((name, index) => [
    name,
    ...levels.map(({ cases }) => {
      const result = cases[index]
      return result ? `${describeJudgement(result.judgement)}${isDifferent(result) ? '*' : ''}` : ''
    }),
  ])
  return inColumns([['case', ...levels.map(({ isolation }) => isolation)], ...rows])
}

function describeJudgement(judgement: Judgement): string {
  switch (judgement.verdict) {
    case 'prevented':
      return judgement.by
    case 'seen':
      return 'seen'
    case 'inconclusive':
      return '?'
  }
}

/** The last lines: what all of it came to, and what was not run. */
function summary(result: HermitageResult): string {
  const results = result.levels.flatMap(({ cases }) => cases)
  const counts = [
    count(results.length, 'run'),
    `${results.filter((each) => each.wentAs === 'expected').length} as expected`,
    ...counted(results, ({ wentAs }) => wentAs === 'earlier versions', 'as in earlier versions'),
    ...counted(results, isDifferent, 'different'),
    ...counted(results, isInconclusive, 'inconclusive'),
    ...(result.notRun.length > 0 ? [`${count(result.notRun.length, 'database')} not run`] : []),
  ]
  return [
    `${hermitageVerdict(result).toUpperCase()}  Hermitage: ${counts.join(', ')}`,
    ...result.notRun.map(describeNotRun),
  ].join('\n')
}

const counted = (
  results: readonly CaseResult[],
  is: (result: CaseResult) => boolean,
  name: string,
): string[] => {
  const number = results.filter(is).length
  return number === 0 ? [] : [`${number} ${name}`]
}

const describeNotRun = ({ platform, reason }: LevelNotRun): string =>
  indent(`${describePlatform(platform)} was not run. ${reason}`, 2)

function describePlatform(platform: Platform): string {
  const { engine, snapshotIsolation } = platformSettings[platform]
  return `${engineTitles[engine]}${snapshotIsolation ? ' with snapshot isolation' : ''}`
}

function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
}
