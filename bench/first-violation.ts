import {
  random,
  runSeries,
  runUncontrolled,
  type Coordination,
  type SamplingExplorer,
  type Target,
} from '../harness/index.ts'

/** How many schedules it took, if so many were enough. */
export interface Search {
  readonly schedules: number | undefined
  /** Runs that could not be judged, such as one that did not end: they count, and found nothing. */
  readonly notJudged: number
}

/** Schedules until a claimed invariant is broken, as an exploration with this seed would run them. */
export async function schedulesToFirst(
  target: Target,
  explorer: SamplingExplorer,
  seed: number,
  most: number,
): Promise<Search> {
  const draw = { explorer, seed, runs: most, untilFirst: true }
  const { first: schedules, notJudged } = await runSeries(target, draw)
  return { schedules, notJudged }
}

/** How many of so many runs break a claimed invariant when nobody schedules them. */
export async function violationsWithoutControl(
  target: Target,
  coordination: Coordination,
  trials: number,
): Promise<{ readonly violations: number; readonly notJudged: number }> {
  const draw = { explorer: random, seed: 1, runs: trials }
  const { violations, notJudged } = await runUncontrolled(target, coordination, draw)
  return { violations, notJudged }
}
