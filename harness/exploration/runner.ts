import { replay } from '../counterexample/replay.ts'
import type { Trace } from '../counterexample/trace.ts'
import type { Lane } from '../databases/engine.ts'
import { DatabaseFault } from '../errors.ts'
import type { Grain } from '../grain.ts'
import type { Violation } from '../invariant.ts'
import type { Limits } from '../limits.ts'
import type { Plan } from '../plan.ts'
import { executeRun, prepareLane, type RunRecord } from '../run.ts'
import type { Chooser } from '../scheduler/choice.ts'
import type { Strategy } from '../strategy.ts'

/** Where runs of a strategy take place, and how. The lane is prepared for it. */
export interface Place {
  readonly lane: Lane
  readonly strategy: Strategy
  readonly grain: Grain
  readonly limits?: Limits | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes the tables that runs at the place need.
 *
 * @returns why there can be no runs at this grain, where the server does not let Lockstep do what it
 *   takes; or nothing.
 */
export async function prepareAt({ lane, strategy, grain }: Place): Promise<string | undefined> {
  await prepareLane(lane, strategy)
  const refusal = whyNever(strategy, grain)
  if (refusal !== undefined || grain !== 'phase') return refusal
  try {
    await lane.addStops()
    return undefined
  } catch (error) {
    if (!(error instanceof DatabaseFault)) throw error
    await lane.observe() // a server that is gone is another matter
    return error.message
  }
}

/** Why there can be no runs of the strategy at this grain, on whatever server; or nothing. */
export function whyNever({ application }: Strategy, grain: Grain): string | undefined {
  if (!application || grain !== 'phase') return undefined
  return 'The statements of an application cannot be stopped between what they read and what they write.'
}

export const runAt = (place: Place, plan: Plan, choose: Chooser): Promise<RunRecord> =>
  executeRun({ ...place, plan, choose })

/**
 * Repeats a run, step for step where the grain allows it.
 *
 * @throws {ReplayDivergence} when it cannot be followed.
 */
export const repeatAt = (
  place: Place,
  recording: { readonly plan: Plan; readonly trace: Trace },
): Promise<{ readonly record: RunRecord; readonly violations: readonly Violation[] }> =>
  replay({ ...place, recording })
