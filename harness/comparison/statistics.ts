import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { errorFunction, mean, median } from 'simple-statistics'
import type { Cost, LoadSample, Safety, Series } from './results.ts'

/** A figure and the range in which the true one is, with a confidence of 95 %. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Of the normal distribution, for 95 %. */
const z95 = 1.959963984540054

/**
 * A share of independent trials. Undefined without trials.
 *
 * Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 1927;
 * recommended by Brown, Cai and DasGupta, "Interval Estimation for a Binomial Proportion", 2001.
 */
export function shareOf(successes: number, trials: number): Interval | undefined {
  if (trials === 0) return undefined
  const share = successes / trials
  const spread = z95 ** 2 / trials
  const centre = (share + spread / 2) / (1 + spread)
  const half =
    (z95 * Math.sqrt((share * (1 - share)) / trials + spread / (4 * trials))) / (1 + spread)
  return {
    value: share,
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  }
}

/** How often drawn schedules that could be judged break a claim. */
export function violationRate(safety: Safety | undefined): Interval | undefined {
  const series = safety?.rate?.series ?? []
  return shareOf(sum(series, broken), sum(series, judgedSchedules))
}

/** The same with no scheduler. */
export function naiveRate(safety: Safety | undefined): Interval | undefined {
  const naive = safety?.naive
  return naive && shareOf(naive.violations, naive.trials - naive.notJudged)
}

/**
 * Schedules to the first violation, in the middle of all seeds. `beyond` is how many there were where
 * at least half of the seeds have found none.
 */
export type FirstViolation = { readonly schedules: number } | { readonly beyond: number }

export function firstViolation(safety: Safety | undefined): FirstViolation | undefined {
  const series = safety?.rate?.series ?? []
  if (series.length === 0) return undefined
  const middle = median(series.map(({ first }) => first ?? Infinity))
  // Between one that was found and one that was not lies no number.
  if (Number.isFinite(middle)) return { schedules: middle }
  return { beyond: Math.min(...series.map(({ schedules }) => schedules)) }
}

const broken = ({ violations }: Series): number => violations
const judgedSchedules = ({ schedules, notJudged }: Series): number => schedules - notJudged

/** Load runs of one kind. */
export interface LoadPoint {
  readonly clients: number
  readonly contention: LoadSample['contention']
  readonly samples: readonly LoadSample[]
}

/** Load runs by contention and number of clients, each with its repetitions. */
export function loadPoints(cost: Cost | undefined): LoadPoint[] {
  const points = Map.groupBy(
    cost?.loads ?? [],
    ({ contention, clients }) => `${contention} ${clients}`,
  )
  return [...points.values()]
    .map((samples) => ({
      clients: samples[0]?.clients ?? 0,
      contention: samples[0]?.contention ?? 'hot',
      samples,
    }))
    .toSorted((a, b) => a.contention.localeCompare(b.contention) || a.clients - b.clients)
}

/** A figure of every sample, over all repetitions: its mean, and how sure that is. */
export const meanOf = (
  { samples }: LoadPoint,
  figure: (sample: LoadSample) => number,
): Interval | undefined => bootstrapMean(samples.map(figure))

const resamples = 2_000

/**
 * The mean of some repetitions, with the percentile interval of means of as many that are drawn from
 * them. With three of them it spans little more than the three themselves, and is too narrow rather
 * than too wide. The same figures give the same interval.
 *
 * Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
 */
export function bootstrapMean(figures: readonly number[]): Interval | undefined {
  if (figures.length === 0) return undefined
  const value = mean([...figures])
  if (figures.length === 1) return { value, low: value, high: value }
  const means = resampledMeans(figures).toSorted((a, b) => a - b)
  // Where there are few drawings, each has a probability of its own: nothing lies between two of them.
  const [low = value] = means.slice(Math.floor(means.length * 0.025))
  const high = means[Math.ceil(means.length * 0.975) - 1] ?? value
  return { value, low, high }
}

/** Means of as many figures, drawn from them with repetition: all that there are, or some where these are many. */
function resampledMeans(figures: readonly number[]): number[] {
  const size = figures.length
  const drawings = size ** size
  if (drawings <= resamples) {
    // The number of a drawing has one digit for each of what is drawn.
    return Array.from({ length: drawings }, (_, drawing) =>
      mean(figures.map((__, place) => figures[Math.floor(drawing / size ** place) % size] ?? 0)),
    )
  }
  const random = xoroshiro128plus(size)
  const pick = (): number => figures[uniformInt(random, 0, size - 1)] ?? 0
  return Array.from({ length: resamples }, () => mean(figures.map(pick)))
}

/** Whether one of two groups of figures is above the other by more than chance explains. */
export interface Change {
  /** New over old. */
  readonly ratio: Interval
  /** Probability of a difference at least as large if there were none. */
  readonly probability: number
}

/** Spread of repetitions: of the logarithms of what they measured, pooled over many groups. */
export interface Noise {
  /** Standard deviation. */
  readonly deviation: number
  /** How many independent differences it rests on. */
  readonly freedom: number
}

/**
 * How far repetitions of the same are apart. Pooling the groups is what makes a few repetitions of
 * each enough.
 */
export function noiseOf(groups: readonly (readonly number[])[]): Noise {
  let [squares, freedom] = [0, 0]
  for (const group of groups) {
    const logs = group.filter((figure) => figure > 0).map(Math.log)
    if (logs.length < 2) continue
    const centre = mean(logs)
    squares += logs.reduce((total, log) => total + (log - centre) ** 2, 0)
    freedom += logs.length - 1
  }
  return { deviation: freedom === 0 ? Number.NaN : Math.sqrt(squares / freedom), freedom }
}

/** How two groups of figures differ, or undefined where one has none. */
export function changeBetween(
  before: readonly number[],
  after: readonly number[],
  { deviation }: Noise,
): Change | undefined {
  const [old, young] = [before, after].map((each) => each.filter((figure) => figure > 0))
  if (!old?.length || !young?.length) return undefined
  const difference = mean(young.map(Math.log)) - mean(old.map(Math.log))
  const error = deviation * Math.sqrt(1 / old.length + 1 / young.length)
  return {
    ratio: {
      value: Math.exp(difference),
      low: Math.exp(difference - z95 * error),
      high: Math.exp(difference + z95 * error),
    },
    probability: 1 - errorFunction(Math.abs(difference) / error / Math.SQRT2),
  }
}

/**
 * The difference of two shares, with the range that it is in at 95 %.
 *
 * Source: Newcombe, "Interval Estimation for the Difference between Independent Proportions",
 * Statistics in Medicine 1998, method 10.
 */
export function differenceOfShares(before: Interval, after: Interval): Interval {
  const value = after.value - before.value
  return {
    value,
    low: value - Math.hypot(after.value - after.low, before.high - before.value),
    high: value + Math.hypot(after.high - after.value, before.value - before.low),
  }
}

/**
 * Which of some probabilities are too small for chance, if no more than a share of those that are named
 * may be so by chance.
 *
 * Source: Benjamini and Hochberg, "Controlling the False Discovery Rate", JRSS B 1995.
 */
export function beyondChance(probabilities: readonly number[], share = 0.05): boolean[] {
  const sorted = probabilities.toSorted((a, b) => a - b)
  const last = sorted.findLastIndex(
    (probability, index) => probability <= (share * (index + 1)) / sorted.length,
  )
  const threshold = last < 0 ? -1 : (sorted[last] ?? -1)
  return probabilities.map((probability) => probability <= threshold)
}

const sum = <T>(items: readonly T[], figure: (item: T) => number): number =>
  items.reduce((total, item) => total + figure(item), 0)
