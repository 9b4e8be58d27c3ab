import { outcomeOf, type Outcome } from './outcome.ts'
import { placeName, type Cell, type Place, type Results } from './results.ts'
import {
  beyondChance,
  changeBetween,
  differenceOfShares,
  loadPoints,
  noiseOf,
  violationRate,
  type Change,
  type Interval,
  type LoadPoint,
  type Noise,
} from './statistics.ts'

/** What has changed from one comparison to another. */
export interface ResultsChange {
  /** Cells with another verdict, or a rate of violations that differs by more than chance explains. */
  readonly safety: readonly SafetyChange[]
  /** Loads that are faster or slower than noise explains. */
  readonly cost: readonly CostChange[]
  /** The middle of all ratios of throughput: another machine, or a busier one, moves them all. */
  readonly drift: number | undefined
  /** How many cells, and how many loads, both have. */
  readonly cells: number
  readonly loads: number
  /** Why nothing can be said about the cost, although both have measured it. */
  readonly undecided: string | undefined
  /** Cells that only one of them has. */
  readonly added: readonly string[]
  readonly missing: readonly string[]
}

export interface SafetyChange {
  readonly place: Place
  readonly before: Outcome
  readonly after: Outcome
  /** Whether it held before, or could not be judged, and is broken now. */
  readonly isWorse: boolean
  /** Share of drawn schedules that break a claim: after minus before. */
  readonly rate: Interval | undefined
}

export interface CostChange {
  readonly place: Place
  readonly clients: number
  readonly contention: string
  /** Throughput, after over before. */
  readonly throughput: Change
}

/** Fewer independent differences between repetitions than this do not tell what noise is. */
const leastFreedom = 10

/**
 * Compares two results, older first. A change of throughput counts if noise would bring it about too
 * rarely, where noise is what repetitions differ by in both of them, pooled over all loads; of those that
 * are named, no more than one in twenty is expected to be noise.
 */
export function compareResults(before: Results, after: Results): ResultsChange {
  const older = new Map(before.cells.map((cell) => [placeName(cell), cell]))
  const pairs = after.cells.flatMap((cell) => {
    const old = older.get(placeName(cell))
    return old ? [{ old, cell }] : []
  })
  const names = new Set(after.cells.map(placeName))
  return {
    safety: pairs.flatMap(({ old, cell }) => safetyChange(old, cell)),
    ...costChanges(pairs),
    cells: pairs.length,
    added: after.cells.map(placeName).filter((name) => !older.has(name)),
    missing: [...older.keys()].filter((name) => !names.has(name)),
  }
}

interface Pair {
  readonly old: Cell
  readonly cell: Cell
}

function safetyChange(old: Cell, cell: Cell): SafetyChange[] {
  const [before, after] = [outcomeOf(old), outcomeOf(cell)]
  if (!before || !after) return []
  const [oldRate, rate] = [violationRate(old.safety), violationRate(cell.safety)]
  const difference = oldRate && rate && differenceOfShares(oldRate, rate)
  const isBeyondNoise = difference && (difference.low > 0 || difference.high < 0)
  if (before === after && !isBeyondNoise) return []
  return [
    {
      place: placeOf(cell),
      before,
      after,
      isWorse: before !== 'violated' && after === 'violated',
      rate: difference,
    },
  ]
}

function costChanges(
  pairs: readonly Pair[],
): Pick<ResultsChange, 'cost' | 'drift' | 'loads' | 'undecided'> {
  const points = pairs.flatMap(({ old, cell }) => {
    const before = new Map(loadPoints(old.cost).map((point) => [kindOf(point), point]))
    return loadPoints(cell.cost).flatMap((after) => {
      const match = before.get(kindOf(after))
      return match ? [{ place: placeOf(cell), before: match, after }] : []
    })
  })
  const noise = noiseOf(points.flatMap(({ before, after }) => [rates(before), rates(after)]))
  const loads = points.length
  if (loads > 0 && noise.freedom < leastFreedom) {
    const undecided = `${noise.freedom} repetitions do not tell what is noise: measure at least ${leastFreedom + 1} of one load, or several loads, by --repetitions.`
    return { cost: [], drift: driftOf(points, noise), loads, undecided }
  }
  const changes = points.flatMap(({ place, before, after }) => {
    const throughput = changeBetween(rates(before), rates(after), noise)
    const { clients, contention } = after
    return throughput ? [{ place, clients, contention, throughput }] : []
  })
  const beyond = beyondChance(changes.map(({ throughput }) => throughput.probability))
  return {
    cost: changes.filter((_, index) => beyond[index]),
    drift: driftOf(points, noise),
    loads,
    undecided: undefined,
  }
}

const kindOf = ({ clients, contention }: LoadPoint): string => `${contention} ${clients}`

const rates = ({ samples }: LoadPoint): number[] =>
  samples.map(({ commandsPerSecond }) => commandsPerSecond)

function driftOf(
  points: readonly { readonly before: LoadPoint; readonly after: LoadPoint }[],
  noise: Noise,
): number | undefined {
  const ratios = points
    .flatMap(({ before, after }) => changeBetween(rates(before), rates(after), noise) ?? [])
    .map(({ ratio }) => ratio.value)
    .toSorted((a, b) => a - b)
  return ratios[Math.floor(ratios.length / 2)]
}

const placeOf = ({ workload, strategy, platform, isolation }: Cell): Place => ({
  workload,
  strategy,
  platform,
  isolation,
})
