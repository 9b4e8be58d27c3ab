import type { Cost, LoadSample } from '../../comparison/results.ts'
import { loadPoints, meanOf, type LoadPoint } from '../../comparison/statistics.ts'
import type { FigureView, LoadView } from './report-view.ts'
import { sum } from './words.ts'

/** What a strategy costs, for every number of clients and kind of contention. */
export const loadViews = (cost: Cost | undefined): LoadView[] => loadPoints(cost).map(loadView)

function loadView(point: LoadPoint): LoadView {
  const { contention, clients, samples } = point
  const done = sum(samples, ({ replies }) => replies.ok)
  const waited = samples.every(({ lockWaitMs }) => lockWaitMs !== undefined)
  return {
    contention,
    clients,
    repetitions: samples.length,
    throughput: figure(point, ({ commandsPerSecond }) => commandsPerSecond),
    ...latencyOf(point),
    ...(done > 0 && {
      abortsPerOk: sum(samples, ({ aborts }) => aborts) / done,
      retriesPerOk: sum(samples, ({ retries }) => retries) / done,
      ...(waited && { lockWaitMsPerOk: sum(samples, ({ lockWaitMs = 0 }) => lockWaitMs) / done }),
    }),
    isOnFront: false,
    broken: [
      ...new Set(samples.flatMap(({ violations }) => violations.map(({ invariant }) => invariant))),
    ],
  }
}

/** Of the repetitions in which anything was answered with ok. */
function latencyOf(point: LoadPoint): Pick<LoadView, 'latencyMs'> {
  const samples = point.samples.filter(({ latencyMs }) => latencyMs)
  if (samples.length === 0) return {}
  const of = (percentile: 'p50' | 'p95' | 'p99'): FigureView =>
    figure({ ...point, samples }, ({ latencyMs }) => latencyMs?.[percentile] ?? 0)
  return { latencyMs: { p50: of('p50'), p95: of('p95'), p99: of('p99') } }
}

function figure(point: LoadPoint, of: (sample: LoadSample) => number): FigureView {
  const found = meanOf(point, of)
  if (!found) throw new Error('A load point is made of one sample at least.')
  return found
}
