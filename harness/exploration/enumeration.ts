import type { SystematicExplorer, SearchBounds } from '../explorers/explorer.ts'
import type { FaultName } from '../faults/fault.ts'
import { settingOf } from '../footprints/setting.ts'
import { defaultAttempts, type Plan } from '../plan.ts'
import { byName } from '../names.ts'
import type { RunRecord } from '../run.ts'
import type { AnyWorkload } from '../workload.ts'
import type { Budget } from './budget.ts'
import { faultPlaces } from './fault-places.ts'
import type { Hunt } from './hunt.ts'
import type { Place } from './runner.ts'
import { SelfCheck } from './self-check.ts'

export interface EnumerationOptions {
  readonly explorer: SystematicExplorer
  readonly bounds: SearchBounds
  /** Name of the fixed start; the workload's first by default. */
  readonly scenario: string | undefined
  readonly actors: number
  /** Kinds of faults of which one at a time strikes, wherever it can. */
  readonly faults: readonly FaultName[]
  readonly budget: Budget
  readonly selfCheckEvery: number
}

type Start = Pick<Plan, 'initial' | 'actors'>

/**
 * Tries the schedules of a fixed plan one after the other, with and without faults, and says whether these
 * were all.
 */
export async function enumerate(
  hunt: Hunt,
  place: Place,
  options: EnumerationOptions,
): Promise<boolean> {
  const { workload } = place.strategy
  const start: Start = scenarioOf(workload, options.scenario).start(options.actors)
  const plan: Plan = { ...start, schedule: [], attempts: defaultAttempts }
  const selfCheck = new SelfCheck(place, hunt.ledger, options.selfCheckEvery)
  let left = options.budget.schedules
  for (const faulty of faultPlaces(plan, options.faults)) {
    const ran = async (record: RunRecord): Promise<void> => {
      left -= 1
      faulty.ran(record)
      await selfCheck.after({ plan: faulty.plan, record })
    }
    const budget = { ...options.budget, schedules: left }
    if (!(await enumeratePlan(hunt, place, faulty.plan, { ...options, budget, ran }))) return false
  }
  return true
}

async function enumeratePlan(
  hunt: Hunt,
  place: Place,
  plan: Plan,
  { explorer, bounds, budget, ran }: EnumerationOptions & { ran(record: RunRecord): Promise<void> },
): Promise<boolean> {
  const setting = settingOf(place.lane, place.strategy)
  const search = explorer.search({ ...bounds, setting })
  let runs = 0
  try {
    for (let choose = search.next(); choose; choose = search.next()) {
      const spent = runs >= budget.schedules || performance.now() > budget.deadline
      if (spent || hunt.shouldStop()) return false
      const record = await hunt.search(place, plan, choose)
      if (typeof record === 'string') return false
      runs += 1
      search.ran?.(record.history)
      await ran(record)
    }
    return true
  } finally {
    if (search.redundant !== undefined) hunt.ledger.redundant(place.grain, search.redundant)
  }
}

/** @throws {UsageError} when there is none of that name. */
export function scenarioOf(
  workload: AnyWorkload,
  name: string | undefined,
): AnyWorkload['scenarios'][number] {
  return name === undefined ? workload.scenarios[0] : byName('scenario', workload.scenarios, name)
}
