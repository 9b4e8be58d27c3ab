import { describe, expect, test } from 'vitest'
import { renderResultsChange } from '../report/comparison/change.ts'
import { compareResults } from './against.ts'
import { cellWith, loadSample, resultsWith, safetyWith } from './fixtures/results.ts'
import type { Cell, LoadSample, Results } from './results.ts'

const loadsAt = (...rates: readonly number[]): LoadSample[] =>
  rates.map((commandsPerSecond, repetition) => loadSample({ commandsPerSecond, repetition }))

/** Six strategies with three repetitions each, all of them steady. */
const sixWith = (first: readonly number[], others = 1): Results =>
  resultsWith({
    cells: [
      cellWith({ cost: { loads: loadsAt(...first), failures: [] } }),
      ...[100, 300, 50, 700, 20].map((rate, index): Cell =>
        cellWith({
          strategy: `other-${index}`,
          cost: {
            loads: loadsAt(rate * others, rate * others * 1.02, rate * others * 0.98),
            failures: [],
          },
        }),
      ),
    ],
  })

const unwrapped = (change: ReturnType<typeof compareResults>): string =>
  renderResultsChange(change).replaceAll(/\n\s+/g, ' ')

describe('compared with older results', () => {
  test('the same have not changed', () => {
    const change = compareResults(sixWith([100, 102, 98]), sixWith([101, 99, 102]))
    expect(change).toMatchObject({ safety: [], cost: [], cells: 6, loads: 6, undecided: undefined })
    expect(renderResultsChange(change)).toBe(
      [
        'Against the older results: 6 cells and 6 loads in both',
        '  safety: no change beyond chance',
        '  cost: no throughput differs by more than noise',
        '    in the middle of all it is 1.00 times what it was: that is the machine',
        '    rather than the strategies',
      ].join('\n'),
    )
  })

  test('one that is slower than noise explains is named', () => {
    const change = compareResults(sixWith([100, 102, 98]), sixWith([80, 81, 79]))
    expect(change.cost).toMatchObject([{ place: { strategy: 'reservation' }, clients: 8 }])
    expect(unwrapped(change)).toMatch(
      / purchase\/reservation on postgres, read-committed, hot, 8 clients: 0\.80 times \(0\.7\d to 0\.8\d\)/,
    )
  })

  test('too few repetitions tell nothing', () => {
    const two = (rate: number) =>
      resultsWith({ cells: [cellWith({ cost: { loads: loadsAt(rate, rate), failures: [] } })] })
    const change = compareResults(two(100), two(50))
    expect(change.cost).toEqual([])
    expect(change.undecided).toBe(
      '2 repetitions do not tell what is noise: measure at least 11 of one load, or several loads, by --repetitions.',
    )
  })

  test('what held and is violated now is worse', () => {
    const held = resultsWith({ cells: [cellWith({ safety: safetyWith([{}]) })] })
    const violated = resultsWith({
      cells: [
        cellWith({ safety: safetyWith([{ violations: 15, first: 1 }], { verdict: 'violated' }) }),
      ],
    })
    const worse = compareResults(held, violated)
    expect(worse.safety).toMatchObject([{ before: 'holds', after: 'violated', isWorse: true }])
    expect(unwrapped(worse)).toContain(
      'purchase/reservation on postgres, read-committed: holds before, violated now; rate of violations +75 (',
    )
    expect(compareResults(violated, held).safety).toMatchObject([{ isWorse: false }])
  })

  test('a rate that chance explains is no change', () => {
    const broken = (violations: number) =>
      resultsWith({
        cells: [
          cellWith({ safety: safetyWith([{ violations, first: 2 }], { verdict: 'violated' }) }),
        ],
      })
    expect(compareResults(broken(5), broken(7)).safety).toEqual([])
    expect(compareResults(broken(2), broken(19)).safety).toMatchObject([
      { before: 'violated', after: 'violated', isWorse: false },
    ])
  })

  test('cells of one only are counted', () => {
    const change = compareResults(
      resultsWith({ cells: [cellWith()] }),
      resultsWith({ cells: [cellWith({ strategy: 'other' })] }),
    )
    expect(change).toMatchObject({
      cells: 0,
      added: ['purchase/other on postgres, read-committed'],
      missing: ['purchase/reservation on postgres, read-committed'],
    })
  })
})
