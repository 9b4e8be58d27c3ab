import fc from 'fast-check'
import { executeNaively, type Coordination } from '../concurrency/naive.ts'
import type { Lane } from '../databases/engine.ts'
import { Fault } from '../errors.ts'
import type { SamplingExplorer } from '../explorers/explorer.ts'
import type { Violation } from '../invariant.ts'
import { StepCounts } from '../outlook.ts'
import { defaultAttempts, planArbitrary, type Plan } from '../plan.ts'
import { executeRun, judge, type RunRecord } from '../run.ts'
import type { Strategy } from '../strategy.ts'

/** Where to run plans. The lane has to be prepared for the strategy. */
export interface Target {
  readonly lane: Lane
  readonly strategy: Strategy
  /** Data and commands, where they are not drawn as well. */
  readonly start?: Pick<Plan, 'initial' | 'actors'> | undefined
  /** Ends what is under way before its next run. */
  readonly signal?: AbortSignal | undefined
}

/** What some runs have broken. */
export interface Broken {
  /** Runs, with those that could not be judged. */
  readonly runs: number
  /** Runs that broke a claimed invariant. */
  readonly violations: number
  /** Number of the first of these, from 1. */
  readonly first: number | undefined
  /** Runs that broke each of the invariants that were broken, claimed or not. */
  readonly invariants: Readonly<Record<string, number>>
  /** Runs that could not be judged, such as one that did not end: nothing was found in them. */
  readonly notJudged: number
}

/** What to draw. */
export interface Draw {
  readonly explorer: SamplingExplorer
  readonly seed: number
  /** Most runs. */
  readonly runs: number
  /** Whether the first violation ends it. */
  readonly untilFirst?: boolean
}

/** Runs the plans that an exploration with this seed would run, one after the other. */
export async function runSeries(
  target: Target,
  { explorer, seed, runs, untilFirst = false }: Draw,
): Promise<Broken> {
  const { lane, strategy, signal } = target
  const counts = new StepCounts(lane.engine.name)
  const tally = new BrokenTally(strategy)
  let crash: { readonly thrown: unknown } | undefined
  const goesOn = async (plan: Plan): Promise<boolean> => {
    const choose = explorer.chooser(plan.schedule, counts.outlook(plan))
    const record = await judged(() => executeRun({ lane, strategy, plan, choose, signal }))
    if (record) counts.learn(record)
    tally.add(record && judge(strategy, record))
    return !(untilFirst && tally.violations > 0)
  }
  const property = fc.asyncProperty(plansOf(target, explorer), async (plan) => {
    if (signal?.aborted || crash) throw new fc.PreconditionFailure(true)
    // fast-check would take a crash for a property that fails, and try to make it smaller.
    return goesOn(plan).catch((thrown: unknown) => {
      crash = { thrown }
      return true
    })
  })
  await fc.check(property, { seed, numRuns: runs, endOnFailure: true })
  if (crash) throw crash.thrown
  return tally
}

/** Runs as many drawn plans with nobody to schedule them. */
export async function runUncontrolled(
  target: Target,
  coordination: Coordination,
  { explorer, seed, runs }: Draw,
): Promise<Broken> {
  const { lane, strategy, signal } = target
  const tally = new BrokenTally(strategy)
  for (const plan of fc.sample(plansOf(target, explorer), { seed, numRuns: runs })) {
    if (signal?.aborted) break
    const run = await judged(() => executeNaively({ lane, strategy, plan, coordination }))
    tally.add(run && judge(strategy, run))
  }
  return tally
}

function plansOf({ strategy, start }: Target, explorer: SamplingExplorer): fc.Arbitrary<Plan> {
  if (!start) return planArbitrary(strategy.workload, explorer.schedule)
  return explorer.schedule.map((schedule) => ({ ...start, schedule, attempts: defaultAttempts }))
}

class BrokenTally implements Broken {
  readonly #claims: readonly string[]
  runs = 0
  violations = 0
  first: number | undefined
  readonly invariants: Record<string, number> = {}
  notJudged = 0

  constructor({ claims }: Strategy) {
    this.#claims = claims
  }

  /** @param violations undefined where the run could not be judged */
  add(violations: readonly Violation[] | undefined): void {
    this.runs += 1
    if (!violations) {
      this.notJudged += 1
      return
    }
    const broken = new Set(violations.map(({ invariant }) => invariant))
    for (const name of broken) this.invariants[name] = (this.invariants[name] ?? 0) + 1
    if (!this.#claims.some((claim) => broken.has(claim))) return
    this.violations += 1
    this.first ??= this.runs
  }
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
