import type { Lane } from '../databases/engine.ts'
import type { Grain } from '../grain.ts'
import type { Violation } from '../invariant.ts'
import type { Limits } from '../limits.ts'
import { executeRun, judge, type RunRecord } from '../run.ts'
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
 * Repeats a recorded run, step for step.
 *
 * @throws {ReplayDivergence} when it cannot be followed any more.
 */
export async function replay(
  options: ReplayOptions,
): Promise<{ readonly record: RunRecord; readonly violations: readonly Violation[] }> {
  const { recording, ...others } = options
  const { choose, finish } = replaying(recording.plan.schedule, recording.trace)
  const record = await executeRun({ ...others, plan: recording.plan, choose })
  finish()
  return { record, violations: judge(options.strategy, record) }
}
