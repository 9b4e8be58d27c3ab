import fc from 'fast-check'
import type { Rows } from './databases/engine.ts'
import type { FaultName, PlannedFault } from './faults/fault.ts'
import type { AnyCommand, AnyWorkload } from './workload.ts'

/** Everything one run needs, as plain data. */
export interface Plan {
  readonly initial: Rows
  /** What each actor does, one after the other. */
  readonly actors: readonly (readonly AnyCommand[])[]
  /**
   * The choice at each scheduling point: an index into the enabled actors in turn, and in grain
   * `overlap` into those that go on together after them, taken modulo their number. Beyond its end every choice is 0, "the actor that just ran goes on": the shorter a
   * schedule and the more zeros in it, the more serial the run.
   */
  readonly schedule: readonly number[]
  /** How often a command may be tried in all. */
  readonly attempts: number
  /** What goes wrong besides, and when: nothing by default. */
  readonly faults?: readonly PlannedFault[]
}

/** Bounds of generated plans. */
export interface PlanBounds {
  /** Fewest and most actors. */
  readonly actors: { readonly min: number; readonly max: number }
  /** Most commands of one actor; the fewest is one. */
  readonly commands: number
}

export const defaultBounds: PlanBounds = { actors: { min: 2, max: 4 }, commands: 3 }
/** How often a command may be tried in all, where a plan is made from a scenario or a load. */
export const defaultAttempts = 3

/**
 * Generates plans for a workload. What is shrunk first is what makes a counterexample hard to read
 * most: the commands, then the schedule, then the data.
 */
export function planArbitrary(
  workload: AnyWorkload,
  schedule: fc.Arbitrary<readonly number[]>,
  bounds: PlanBounds = defaultBounds,
  faults: readonly FaultName[] = [],
): fc.Arbitrary<Plan> {
  const commands = fc.array(workload.arbitrary.command as fc.Arbitrary<AnyCommand>, {
    minLength: 1,
    maxLength: bounds.commands,
    size: 'max',
  })
  const actors = fc.array(commands, {
    minLength: bounds.actors.min,
    maxLength: bounds.actors.max,
    size: 'max',
  })
  const plans = fc.record({
    actors,
    schedule,
    initial: workload.arbitrary.state as fc.Arbitrary<Rows>,
    attempts: fc.constant(defaultAttempts),
  })
  return faults.length === 0 ? plans : withFaults(plans, faults)
}

const mostFaults = 2
/** More than most commands take, so that the later ones of an actor are struck as well. */
const latestStep = 11

/** One fault, mostly, or two: which can strike the retry as well. */
function withFaults(plans: fc.Arbitrary<Plan>, kinds: readonly FaultName[]): fc.Arbitrary<Plan> {
  const fault = fc.record({
    kind: fc.constantFrom(...kinds),
    actor: fc.nat({ max: 25 }),
    step: fc.nat({ max: latestStep }),
  })
  return fc
    .tuple(plans, fc.array(fault, { minLength: 0, maxLength: mostFaults, size: 'max' }))
    .map(([plan, drawn]) => ({
      ...plan,
      ...(drawn.length > 0 && {
        faults: drawn.map((each) => ({ ...each, actor: each.actor % plan.actors.length })),
      }),
    }))
}
