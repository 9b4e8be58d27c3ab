import fc from 'fast-check'
import {
  executeNaively,
  executeRun,
  Fault,
  judge,
  type Coordination,
  type Lane,
  type Plan,
  type RunRecord,
  type SamplingExplorer,
  type Strategy,
} from '../harness/index.ts'
import { StepCounts } from '../harness/outlook.ts'
import { defaultAttempts, planArbitrary } from '../harness/plan.ts'

/** Where to look. The lane has to be prepared for the strategy. */
export interface Target {
  readonly lane: Lane
  readonly strategy: Strategy
  /** Data and commands, where they are not drawn as well. */
  readonly start?: Pick<Plan, 'initial' | 'actors'> | undefined
}

function plansOf({ strategy, start }: Target, explorer: SamplingExplorer): fc.Arbitrary<Plan> {
  if (!start) return planArbitrary(strategy.workload, explorer.schedule)
  return explorer.schedule.map((schedule) => ({ ...start, schedule, attempts: defaultAttempts }))
}

/** How many schedules it took, if so many were enough. */
export interface Search {
  readonly schedules: number | undefined
  /** Runs that could not be judged, such as one that did not end: they count, and found nothing. */
  readonly notJudged: number
}

const breaksClaim = ({ claims }: Strategy, violations: ReturnType<typeof judge>): boolean =>
  violations.some(({ invariant }) => claims.includes(invariant))

/** Schedules until a claimed invariant is broken, as an exploration with this seed would run them. */
export async function schedulesToFirst(
  target: Target,
  explorer: SamplingExplorer,
  seed: number,
  most: number,
): Promise<Search> {
  const { lane, strategy } = target
  const counts = new StepCounts(lane.engine.name)
  let [runs, notJudged, isFound] = [0, 0, false]
  const holds = async (plan: Plan): Promise<boolean> => {
    runs += 1
    const choose = explorer.chooser(plan.schedule, counts.outlook(plan))
    const record = await judged(() => executeRun({ lane, strategy, plan, choose }))
    if (!record) notJudged += 1
    else counts.learn(record)
    isFound = record !== undefined && breaksClaim(strategy, judge(strategy, record))
    return !isFound
  }
  const plans = plansOf(target, explorer)
  const { failed, errorInstance } = await fc.check(fc.asyncProperty(plans, holds), {
    seed,
    numRuns: most,
    endOnFailure: true,
  })
  // fast-check takes whatever is thrown for a failed property. A crash is no violation.
  if (failed && !isFound) throw errorInstance
  return { schedules: isFound ? runs : undefined, notJudged }
}

/** How many of so many runs break a claimed invariant when nobody schedules them. */
export async function violationsWithoutControl(
  target: Target,
  coordination: Coordination,
  trials: number,
  explorer: SamplingExplorer,
): Promise<{ readonly violations: number; readonly notJudged: number }> {
  const { lane, strategy } = target
  const plans = plansOf(target, explorer)
  let [violations, notJudged] = [0, 0]
  for (const plan of fc.sample(plans, { seed: 1, numRuns: trials })) {
    const run = await judged(() => executeNaively({ lane, strategy, plan, coordination }))
    if (!run) notJudged += 1
    else if (breaksClaim(strategy, judge(strategy, run))) violations += 1
  }
  return { violations, notJudged }
}

async function judged<R extends Pick<RunRecord, 'observation'>>(
  run: () => Promise<R>,
): Promise<R | undefined> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return undefined
  }
}
