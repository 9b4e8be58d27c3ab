import type { Rows } from '../databases/engine.ts'
import type { Invariant, Observation, Violation } from '../invariant.ts'
import type { AnyCommand, AnyWorkload } from '../workload.ts'
import { serialEquivalence, type SerialEquivalence } from './serial-equivalence.ts'

type Observed = Observation<Rows, AnyCommand>

/** What a run is judged by besides the workload's own invariants: it needs the model, and no more. */
export const serial = {
  name: 'serial-equivalence',
  summary:
    'Replies and final state are those of the commands done one after the other, in some order.',
} as const satisfies Pick<Invariant<Rows, AnyCommand>, 'name' | 'summary'>

/** All that a run of the workload can be judged by, the most telling first. */
export const judgeable = ({
  invariants,
}: AnyWorkload): readonly Pick<Invariant<Rows, AnyCommand>, 'name' | 'summary'>[] => [
  ...invariants,
  serial,
]

/** What a run broke, in the order of {@link judgeable}. */
export function violationsIn(workload: AnyWorkload, observation: Observed): Violation[] {
  const violations: Violation[] = []
  for (const invariant of workload.invariants) {
    const message = invariant.check(observation)
    if (message !== undefined) violations.push({ invariant: invariant.name, message })
  }
  const equivalence = serialEquivalenceOf(workload, observation)
  if (equivalence.outcome === 'not serial') {
    violations.push({ invariant: serial.name, message: equivalence.message })
  }
  return violations
}

const known = new WeakMap<Observed, SerialEquivalence>()

/** The same answer for the same observation, which is looked for once. */
export function serialEquivalenceOf(
  workload: AnyWorkload,
  observation: Observed,
): SerialEquivalence {
  let equivalence = known.get(observation)
  if (!equivalence) {
    equivalence = serialEquivalence(workload, observation)
    known.set(observation, equivalence)
  }
  return equivalence
}
