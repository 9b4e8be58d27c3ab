import fc from 'fast-check'
import type { Lane } from './databases/engine.ts'
import { Fault, type FaultKind } from './errors.ts'
import type {
  SamplingExplorer,
  Search,
  SearchBounds,
  SystematicExplorer,
} from './explorers/explorer.ts'
import { settingOf } from './footprints/setting.ts'
import type { Grain } from './grain.ts'
import { StepCounts } from './outlook.ts'
import { defaultAttempts, defaultBounds, planArbitrary, type Plan } from './plan.ts'
import type { AbortClass } from './reply.ts'
import { executeRun, judge, type RunRecord } from './run.ts'
import type { Chooser } from './scheduler/choice.ts'
import type { Strategy } from './strategy.ts'
import { Tally } from './tally.ts'
import type { AnyWorkload } from './workload.ts'

/** What was seen in some schedules. Unlike an exploration, a survey goes on after a violation. */
export interface Survey {
  readonly schedules: number
  /** Schedules that broke each invariant, of those that were broken. */
  readonly violations: ReadonlyMap<string, number>
  /** How often commands were aborted, by class. */
  readonly aborted: ReadonlyMap<AbortClass, number>
  /** Whether any command did what it was asked to do. */
  readonly effective: boolean
  /** Why it ended early. What was seen until then was seen all the same. */
  readonly fault?: { readonly kind: FaultKind; readonly reason: string }
}

/** Where to look. The lane has to be prepared for strategy and grain: see `prepareLane`. */
export interface SurveyOptions {
  readonly lane: Lane
  readonly strategy: Strategy
  /** By default whole statements. */
  readonly grain?: Grain | undefined
}

/** Every schedule, within the bounds, of a scenario with so many actors. */
export function surveyScenario(
  options: SurveyOptions,
  scenario: AnyScenario,
  actors: number,
  explorer: SystematicExplorer,
  bounds?: SearchBounds,
): Promise<Survey> {
  const search = explorer.search({ ...bounds, setting: settingOf(options.lane, options.strategy) })
  return survey(
    options,
    () => schedulesOf(scenario, actors, search),
    ({ history }) => search.ran?.(history),
  )
}

/** Every schedule, within the bounds, of each of the workload's scenarios with two actors. */
export function surveyScenarios(
  options: SurveyOptions,
  explorer: SystematicExplorer,
  bounds?: SearchBounds,
): Promise<Survey> {
  const { scenarios } = options.strategy.workload
  const setting = settingOf(options.lane, options.strategy)
  let search: Search | undefined
  return survey(
    options,
    function* () {
      for (const scenario of scenarios) {
        search = explorer.search({ ...bounds, setting })
        yield* schedulesOf(scenario, 2, search)
      }
    },
    ({ history }) => search?.ran?.(history),
  )
}

type AnyScenario = AnyWorkload['scenarios'][number]

/** A run to do: a plan, and who makes its choices. */
interface NextRun {
  readonly plan: Plan
  readonly choose: Chooser
}

function* schedulesOf(scenario: AnyScenario, actors: number, search: Search): Generator<NextRun> {
  const start = scenario.start(actors) as Pick<Plan, 'initial' | 'actors'>
  const plan: Plan = { ...start, schedule: [], attempts: defaultAttempts }
  for (let choose = search.next(); choose; choose = search.next()) yield { plan, choose }
}

/** Random plans: the same ones for the same seed, and the first ones the same for any number. */
export function surveyPlans(
  options: SurveyOptions,
  explorer: SamplingExplorer,
  { schedules, seed }: { readonly schedules: number; readonly seed: number },
): Promise<Survey> {
  const plans = planArbitrary(options.strategy.workload, explorer.schedule, defaultBounds)
  const counts = new StepCounts(options.lane.engine.name)
  return survey(
    options,
    function* () {
      for (const plan of fc.sample(plans, { numRuns: schedules, seed })) {
        yield { plan, choose: explorer.chooser(plan.schedule, counts.outlook(plan)) }
      }
    },
    (record) => counts.learn(record),
  )
}

async function survey(
  { lane, strategy, grain }: SurveyOptions,
  runs: () => Iterable<NextRun>,
  learn: (record: RunRecord) => void,
): Promise<Survey> {
  const tally = new Tally(strategy)
  const violations = new Map<string, number>()
  const seen = (record: RunRecord): void => {
    learn(record)
    const found = judge(strategy, record)
    tally.add(record, found)
    for (const { invariant } of found) {
      violations.set(invariant, (violations.get(invariant) ?? 0) + 1)
    }
  }
  let fault: Survey['fault']
  try {
    for (const { plan, choose } of runs()) {
      seen(await executeRun({ lane, strategy, plan, choose, grain }))
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    fault = { kind: error.kind, reason: error.message }
  }
  return {
    schedules: tally.schedules,
    violations,
    aborted: new Map(Object.entries(tally.replies.aborted) as [AbortClass, number][]),
    effective: tally.onlyRefusal === undefined,
    ...(fault && { fault }),
  }
}
