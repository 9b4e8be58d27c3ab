import { HarnessFault } from '../errors.ts'
import type { ChoicePoint } from '../scheduler/choice.ts'
import type { Step } from '../session.ts'

/** The runs of a plan differ in more than what was chosen, so they cannot be enumerated. */
export const changed = (step: number): HarnessFault =>
  new HarnessFault(
    `The same choices led to another situation at step ${step}: the run is not deterministic, so its schedules cannot be enumerated. Perhaps the strategy keeps something between runs, or the database chose among several actors that one commit released at once.`,
  )

/** Whether the same actors are about to do the same. */
export function isSamePoint(a: ChoicePoint, b: ChoicePoint): boolean {
  return (
    a.enabled.length === b.enabled.length &&
    a.enabled.every((actor, index) => actor === b.enabled[index]) &&
    a.requests.every((request, index) => isSameStep(request, b.requests[index]))
  )
}

function isSameStep(a: Step, b: Step | undefined): boolean {
  if (a.kind !== b?.kind) return false
  if (a.kind === 'sleep' || b.kind === 'sleep') return true
  const [one, other] = [a.statement, b.statement]
  return (
    // A template's parts are the same object every time.
    (one.parts === other.parts || one.parts.join('?') === other.parts.join('?')) &&
    one.params.length === other.params.length &&
    one.params.every((value, index) => value === other.params[index])
  )
}
