import { describe, expect, test } from 'vitest'
import { cellWith, loadSample, resultsWith, safetyWith } from '../../comparison/fixtures/results.ts'
import { platforms } from '../../hermitage/platform.ts'
import { isolationLevels } from '../../databases/isolation.ts'
import { resultsToCsv } from './csv.ts'
import { resultsToMarkdown } from './summary.ts'
import { renderComparison } from './terminal.ts'

const strategies = ['reservation', 'reservation-check-then-confirm'].map((name) => ({
  workload: 'purchase',
  name,
  summary: '',
  claims: [],
}))

describe('a comparison at a terminal', () => {
  test('shows every verdict, what was not run, and why', () => {
    const text = renderComparison(
      resultsWith({
        strategies,
        cells: [
          cellWith({ safety: safetyWith([]) }),
          cellWith({
            isolation: 'serializable',
            safety: safetyWith([], { verdict: 'inconclusive', reason: 'No.' }),
          }),
          cellWith({
            strategy: 'reservation-check-then-confirm',
            safety: safetyWith([], { verdict: 'violated' }),
          }),
        ],
        notRun: [
          {
            workload: 'purchase',
            strategy: 'reservation',
            platform: 'mysql',
            isolation: 'repeatable-read',
            part: 'both',
            reason: 'MySQL is not here.',
          },
        ],
      }),
    )
    expect(text).toBe(
      `3 cells in 10 min: 1 held, 1 violated, 1 inconclusive, 1 not run

purchase                        PostgreSQL  MySQL
                                c s         r
reservation                     + ?         -
reservation-check-then-confirm  X

+ held  X violated  ? inconclusive  - not run
u read-uncommitted  c read-committed  r repeatable-read  s serializable

Not measured:
  safety and cost of 1 cell: MySQL is not here.`,
    )
  })

  test('with all there is fits into 80 columns', () => {
    const cells = strategies.flatMap(({ name: strategy }) =>
      platforms.flatMap((platform) =>
        isolationLevels.map((isolation) =>
          cellWith({ strategy, platform, isolation, safety: safetyWith([]) }),
        ),
      ),
    )
    const lines = renderComparison(resultsWith({ strategies, cells })).split('\n')
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
  })

  test('without a cell says so', () => {
    expect(renderComparison(resultsWith())).toBe(
      '0 cells in 10 min: 0 held, 0 violated, 0 inconclusive, 0 not run',
    )
  })

  test('that was interrupted says so', () => {
    const { finishedAt: _, ...unfinished } = resultsWith()
    expect(renderComparison(unfinished)).toContain('0 cells in 10 min: not finished, 0 held')
  })

  test('what only a load has broken is violated', () => {
    const broken = loadSample({ violations: [{ invariant: 'stock-conserved', message: '' }] })
    const cell = cellWith({ safety: safetyWith([]), cost: { loads: [broken], failures: [] } })
    expect(renderComparison(resultsWith({ cells: [cell] }))).toContain('1 violated')
  })
})

describe('a comparison as Markdown', () => {
  test('has matrices, rates and costs', () => {
    const text = resultsToMarkdown(
      resultsWith({
        cells: [
          cellWith({
            safety: safetyWith([{ violations: 5, first: 3 }], { verdict: 'violated' }),
            cost: {
              loads: [loadSample({ aborts: 75 }), loadSample({ repetition: 1 })],
              failures: [],
            },
          }),
        ],
      }),
    )
    expect(text).toContain('| `reservation` | **violated** |')
    expect(text).toContain('| 25 % (11–47) | 3 | 0 % (0–28) |')
    expect(text).toContain('| `purchase/reservation` (unsafe) | 1000/s, 3.0 ms (0.25) |')
  })

  test('leaves text of databases as text', () => {
    const reason = 'A <img src=x onerror=alert(1)> | of\nthe `server`'
    const text = resultsToMarkdown(
      resultsWith({ notRun: [{ ...cellWith(), part: 'both', reason }] }),
    )
    expect(text).toContain(
      String.raw`- safety and cost of 1 cell: A &lt;img src=x onerror=alert(1)> \| of the \`server\``,
    )
  })
})

describe('a comparison as CSV', () => {
  test('has a row for every measurement', () => {
    const cells = [
      cellWith({
        safety: safetyWith([{ violations: 5, first: 3 }]),
        cost: { loads: [loadSample()], failures: [] },
      }),
    ]
    const [head, ...rows] = resultsToCsv(resultsWith({ cells })).trimEnd().split('\n')
    expect(head).toBe(
      'workload,strategy,platform,isolation,measure,value,unit,clients,contention,repetition,explorer,seed',
    )
    const place = 'purchase,reservation,postgres,read-committed'
    expect(rows).toContain(`${place},verdict,holds,,,,,portfolio,1`)
    expect(rows).toContain(`${place},first violation,3,schedules,,,,random,0`)
    expect(rows).toContain(`${place},throughput,1000,commands/s,8,hot,0,,`)
    expect(rows).toContain(`${place},latency p99,3,ms,8,hot,0,,`)
  })

  test('without a cell has its head', () => {
    expect(resultsToCsv(resultsWith())).toMatch(/^workload,[^\n]*\n$/)
  })
})
