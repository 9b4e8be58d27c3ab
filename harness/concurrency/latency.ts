import { build, type Histogram } from 'hdr-histogram-js'

/** Milliseconds. */
export interface Latency {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  readonly mean: number
}

/** An hour, in microseconds: longer than anything here may take. */
const longestUs = 3_600_000_000

/**
 * A histogram of latencies in microseconds, each exact to three digits.
 * Source: Gil Tene, HdrHistogram, "A High Dynamic Range (HDR) Histogram".
 */
export const newHistogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: longestUs, autoResize: false })

export function record(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(Math.max(Math.round(ms * 1000), 1), longestUs))
}

/** Undefined when there was nothing to measure. */
export function latencyOf(histogram: Histogram): Latency | undefined {
  if (histogram.totalCount === 0) return undefined
  // It answers the highest value of the range that the percentile lies in.
  const at = (percentile: number): number =>
    Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue) / 1000
  return {
    p50: at(50),
    p95: at(95),
    p99: at(99),
    max: histogram.maxValue / 1000,
    mean: histogram.mean / 1000,
  }
}
