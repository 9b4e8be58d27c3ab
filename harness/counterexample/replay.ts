import type { Lane } from '../databases/engine.ts'
import type { Grain } from '../grain.ts'
import type { Violation } from '../invariant.ts'
import type { Limits } from '../limits.ts'
import { executeRun, judge, type RunRecord } from '../run.ts'
import { planned } from '../scheduler/choice.ts'
import type { Strategy } from '../strategy.ts'
import type { Recording } from './token.ts'
import { replaying } from './trace.ts'

export interface ReplayOptions {
  /** Prepared for the strategy. */
  readonly lane: Lane
  readonly strategy: Strategy
  readonly recording: Pick<Recording, 'plan' | 'trace'>
  /** The one that the lane is prepared for. */
  readonly grain: Grain
  readonly limits?: Limits | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Repeats a recorded run, step for step; one with overlaps, of which the server decides what becomes,
 * as far as its choices can be followed.
 *
 * @throws {ReplayDivergence} when it cannot be followed any more.
 */
export async function replay(
  options: ReplayOptions,
): Promise<{ readonly record: RunRecord; readonly violations: readonly Violation[] }> {
  const { recording, ...others } = options
  const { plan, trace } = recording
  const strict = replaying(plan.schedule, trace)
  const isDecidedByServer = options.grain === 'overlap'
  const choose = isDecidedByServer ? planned(plan.schedule) : strict.choose
  const record = await executeRun({ ...others, plan, choose })
  if (!isDecidedByServer) strict.finish()
  return { record, violations: judge(options.strategy, record) }
}
