import type { FaultName, PlannedFault } from '../faults/fault.ts'
import { strikesIn } from '../faults/strikes.ts'
import type { ActorId, History } from '../history.ts'
import type { Plan } from '../plan.ts'
import type { RunRecord } from '../run.ts'

/** A plan with at most one fault. */
export interface FaultPlace {
  readonly plan: Plan
  /** Told of each run of the plan: where the fault has struck says where the next one can. */
  ran(record: Pick<RunRecord, 'history'>): void
}

/**
 * The plan without a fault, and then with one of every kind at every place where it can strike, one after
 * the other. Until a fault strikes, an actor takes the steps that it takes without one, so none strikes
 * later than at the last of these. All schedules of a plan have to be run before the next one is asked for.
 */
export function* faultPlaces(plan: Plan, kinds: readonly FaultName[]): Generator<FaultPlace> {
  const steps = plan.actors.map(() => 0)
  yield {
    plan,
    ran({ history }) {
      for (const [actor, most] of steps.entries()) {
        steps[actor] = Math.max(most, stepsOf(history, actor))
      }
    },
  }
  for (const kind of kinds) {
    for (const [actor, most] of steps.entries()) {
      for (let step = 0; step < most;) {
        const planned: PlannedFault = { actor, step, kind }
        const struck = new Set<number>()
        yield {
          plan: { ...plan, faults: [planned] },
          ran({ history }) {
            for (const each of strikesIn(history)) struck.add(each.step)
          },
        }
        // In some schedules it strikes later than in others: what comes next begins after the first.
        step = Math.min(...struck, most) + 1
      }
    }
  }
}

/** How many statements and sleeps the actor has begun. */
const stepsOf = (history: History, actor: ActorId): number =>
  history.filter(
    (event) => event.actor === actor && event.kind === 'sent' && event.request.kind !== 'phase',
  ).length
