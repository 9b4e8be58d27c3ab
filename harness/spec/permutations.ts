import type { Permutation, PermutationStep, Spec } from './spec.ts'

/** The permutations of a specification: those it lists, or all there are, one at a time. */
export function* permutationsOf(spec: Spec): Generator<Permutation, void> {
  if (spec.permutations) yield* spec.permutations
  else yield* interleavings(spec)
}

/** How many there are; a number too large for exactness is rounded. */
export function countPermutations({ permutations, sessions }: Spec): number {
  if (permutations) return permutations.length
  let taken = 0
  let total = 1
  for (const { steps } of sessions) {
    // How often these steps can be spread over the places of those so far and their own.
    for (let own = 1; own <= steps.length; own++) total = (total * (taken + own)) / own
    taken += steps.length
  }
  return Math.round(total)
}

/** Every order that keeps each session's own, those that begin with the first session first. */
function* interleavings({ sessions }: Spec): Generator<Permutation, void> {
  const steps = sessions.map((session) =>
    session.steps.map((step): PermutationStep => ({ step, blockers: [] })),
  )
  const taken = steps.map(() => 0)
  const chosen: PermutationStep[] = []
  function* choose(): Generator<Permutation, void> {
    let isComplete = true
    for (const [index, own] of steps.entries()) {
      const step = own[taken[index] ?? 0]
      if (!step) continue
      isComplete = false
      taken[index] = (taken[index] ?? 0) + 1
      chosen.push(step)
      yield* choose()
      chosen.pop()
      taken[index] = (taken[index] ?? 0) - 1
    }
    if (isComplete) yield [...chosen]
  }
  yield* choose()
}
