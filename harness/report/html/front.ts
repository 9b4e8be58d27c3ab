import type { CellView, LoadView } from './report-view.ts'

/** What one strategy gives and what it risks, at one number of clients. */
export interface Tradeoff {
  readonly throughput: number
  /** From 0, where it holds. */
  readonly violationRate: number
}

/**
 * The Pareto front: those that no other one beats. One beats another if it is not worse in either
 * respect, and better in one.
 */
export const frontOf = <T extends Tradeoff>(all: readonly T[]): T[] =>
  all.filter((each) => !all.some((other) => beats(other, each)))

const beats = (one: Tradeoff, other: Tradeoff): boolean =>
  one.throughput >= other.throughput &&
  one.violationRate <= other.violationRate &&
  (one.throughput > other.throughput || one.violationRate < other.violationRate)

/**
 * The violation rate by which a cell is compared: undefined where it is not known. What was violated and
 * yet never in the schedules that were drawn is rare, but not as safe as what holds.
 */
export function comparedRate({ status, rate }: Pick<CellView, 'status' | 'rate'>) {
  if (status === 'holds') return 0
  return status === 'violated' && rate ? Math.max(rate.value, Number.MIN_VALUE) : undefined
}

/** The same cells, with the loads marked in which they are on the front of their workload and column. */
export function markFronts(cells: readonly CellView[]): CellView[] {
  const best = new Set(groupsOf(cells).flatMap((group) => frontOf(group).map(({ load }) => load)))
  return cells.map((cell) => ({
    ...cell,
    loads: cell.loads.map((load) => ({ ...load, isOnFront: best.has(load) })),
  }))
}

interface Candidate extends Tradeoff {
  readonly load: LoadView
}

/** What can be compared: strategies of one workload in one column under one load. */
function groupsOf(cells: readonly CellView[]): Candidate[][] {
  const groups = new Map<string, Candidate[]>()
  for (const cell of cells) {
    const violationRate = comparedRate(cell)
    if (violationRate === undefined) continue
    for (const load of cell.loads) {
      const { workload, platform, isolation } = cell
      const key = JSON.stringify([workload, platform, isolation, load.contention, load.clients])
      const group = groups.get(key) ?? []
      group.push({ load, throughput: load.throughput.value, violationRate })
      groups.set(key, group)
    }
  }
  return [...groups.values()]
}
