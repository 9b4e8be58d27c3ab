import fc from 'fast-check'
import type { SamplingExplorer } from '../explorers/explorer.ts'
import { StepCounts } from '../outlook.ts'
import type { FaultName } from '../faults/fault.ts'
import { defaultBounds, planArbitrary, type Plan } from '../plan.ts'
import type { Budget } from './budget.ts'
import type { Hunt } from './hunt.ts'
import { Repetition } from './repetition.ts'
import type { Place } from './runner.ts'
import { SelfCheck } from './self-check.ts'

export interface SamplingOptions {
  readonly explorer: SamplingExplorer
  readonly seed: number
  /** Most actors of a plan. */
  readonly actors: number | undefined
  /** Kinds of faults that plans may hold. */
  readonly faults: readonly FaultName[]
  readonly budget: Budget
  readonly selfCheckEvery: number
}

/** Searches by chance, through fast-check's own runner, which also shrinks what it finds. */
export async function sample(hunt: Hunt, place: Place, options: SamplingOptions): Promise<void> {
  const { explorer, seed, budget } = options
  const most = options.actors ?? defaultBounds.actors.max
  const bounds = { ...defaultBounds, actors: { min: Math.min(2, most), max: most } }
  const plans = planArbitrary(place.strategy.workload, explorer.schedule, bounds, options.faults)
  const counts = new StepCounts(place.lane.engine.name)
  const repetition = new Repetition(place)
  const selfCheck = new SelfCheck(place, hunt.ledger, options.selfCheckEvery)
  let underWay: Promise<unknown> | undefined

  const attempt = async (plan: Plan): Promise<boolean> => {
    const choose = explorer.chooser(plan.schedule, counts.outlook(plan))
    if (hunt.finding) return (await hunt.shrink(place, plan, choose)) === undefined
    const record = await hunt.search(place, plan, choose)
    if (typeof record === 'string') return record === 'stopped'
    counts.learn(record)
    repetition.note({ plan, record })
    await selfCheck.after({ plan, record })
    return true
  }
  const property = fc.asyncProperty(plans, async (plan) => {
    // Ends fast-check's run here, which would draw all the plans that are left otherwise.
    if (hunt.shouldStop()) throw new fc.PreconditionFailure(true)
    const run = attempt(plan)
    underWay = run.catch(() => undefined)
    return run
  })
  const timeLeft = budget.deadline - performance.now()
  const details = await fc.check(property, {
    seed,
    numRuns: budget.schedules,
    ...(timeLeft !== Infinity && { interruptAfterTimeLimit: Math.max(0, timeLeft) }),
  })
  // When its time is up, fast-check does not wait for the run under way. The lane does.
  await underWay
  // fast-check takes whatever is thrown for a failed property. A crash must not pass for a pass.
  if (details.counterexample !== null && !hunt.finding) throw details.errorInstance
  if (hunt.stop || hunt.finding) return
  const stop = await repetition.check()
  if (stop) hunt.end(stop)
}
