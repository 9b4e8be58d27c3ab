/** How soon an explorer found a violation: one row of the results for each strategy, engine and explorer. */
export interface Searches {
  readonly kind: 'searches'
  /** Schedules to the first violation, for each seed; null where so many were not enough. */
  readonly schedules: readonly (number | null)[]
  /** Most schedules of one search. */
  readonly most: number
}

/** How often runs without a scheduler showed a violation. */
export interface Trials {
  readonly kind: 'trials'
  readonly violations: number
  readonly trials: number
}

export type Measured = {
  readonly strategy: string
  readonly engine: string
  /** Engine with its version, and isolation level, as titles name them. */
  readonly cell: string
  /** An explorer, or how actors without a scheduler begin. */
  readonly way: string
  /** Runs that could not be judged. */
  readonly notJudged: number
  readonly elapsedMs: number
} & (Searches | Trials)

/**
 * The median, if those that were not measured to the end do not matter; `undefined` where it is beyond
 * what was tried. Of an even number it is the lower one in the middle.
 */
export function medianSchedules({ schedules }: Searches): number | undefined {
  const sorted = schedules.map((each) => each ?? Infinity).toSorted((a, b) => a - b)
  const middle = sorted[Math.ceil(sorted.length / 2) - 1] ?? Infinity
  return middle === Infinity ? undefined : middle
}

/** One Markdown table for each engine: a row for each strategy, a column for each way. */
export function tablesOf(results: readonly Measured[], ways: readonly string[]): string {
  const cells = [...new Set(results.map(({ cell }) => cell))]
  return cells
    .map((cell) => {
      const here = results.filter((each) => each.cell === cell)
      const strategies = [...new Set(here.map(({ strategy }) => strategy))]
      const rows = strategies.map((strategy) => {
        const row = ways.map((way) =>
          shown(here.find((each) => each.strategy === strategy && each.way === way)),
        )
        return `| \`${strategy}\` | ${row.join(' | ')} |`
      })
      const head = `| ${cell} | ${ways.join(' | ')} |`
      return [head, `| --- |${' ---: |'.repeat(ways.length)}`, ...rows].join('\n')
    })
    .join('\n\n')
}

const number = new Intl.NumberFormat('en-GB')

function shown(measured: Measured | undefined): string {
  if (!measured) return 'not measured'
  const remark =
    measured.notJudged === 0 ? '' : ` (${number.format(measured.notJudged)} not judged)`
  return shownFigure(measured) + remark
}

function shownFigure(measured: Searches | Trials): string {
  if (measured.kind === 'trials') {
    const { violations, trials } = measured
    return violations === 0 ? `none in ${number.format(trials)}` : percent(violations / trials)
  }
  const median = medianSchedules(measured)
  return median === undefined ? `> ${number.format(measured.most)}` : number.format(median)
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
