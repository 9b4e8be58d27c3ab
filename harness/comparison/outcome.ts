import type { Cell, Safety, StoredCounterexample } from './results.ts'

/** What became of a strategy in one place. */
export type Outcome = 'violated' | 'inconclusive' | 'holds'

/** The worst of all searches, and of what loads have left behind. */
export function outcomeOf({ safety, cost }: Cell): Outcome | undefined {
  const verdicts = new Set(safety?.searches.map(({ verdict }) => verdict))
  const isBroken =
    (safety?.rate?.series ?? []).some(({ violations }) => violations > 0) ||
    (safety?.naive?.violations ?? 0) > 0 ||
    (cost?.loads ?? []).some(({ violations }) => violations.length > 0)
  if (verdicts.has('violated') || isBroken) return 'violated'
  if (verdicts.has('inconclusive')) return 'inconclusive'
  return safety ? 'holds' : undefined
}

/** The counterexample of the first search that found one. */
export const counterexampleIn = (safety: Safety | undefined): StoredCounterexample | undefined =>
  safety?.searches.find(({ counterexample }) => counterexample)?.counterexample

/** Schedules of all searches, and whether one of them has tried all that there are. */
export function extentOf(safety: Safety): {
  readonly schedules: number
  readonly exhausted: boolean
} {
  return {
    schedules: safety.searches.reduce((sum, { schedules }) => sum + schedules, 0),
    exhausted: safety.searches.some(({ exhausted }) => exhausted),
  }
}

/** Why it could not be judged. */
export const reasonIn = (safety: Safety | undefined): string | undefined =>
  safety?.searches.find(({ reason }) => reason !== undefined)?.reason

/** What is known of one invariant in one place. */
export interface InvariantOutcome {
  readonly name: string
  readonly claimed: boolean
  /** Whether any schedule has broken it. */
  readonly isBroken: boolean
}

/** Every invariant, and serial equivalence. */
export function invariantsIn({ safety, cost }: Cell): InvariantOutcome[] {
  const found = new Set([
    ...(safety?.rate?.series ?? []).flatMap(({ invariants }) => Object.keys(invariants)),
    ...(cost?.loads ?? []).flatMap(({ violations }) => violations.map((each) => each.invariant)),
  ])
  const shown = counterexampleIn(safety)?.invariant
  const known = new Map<string, InvariantOutcome>()
  for (const { invariants } of safety?.searches ?? []) {
    for (const { name, claimed, violations } of invariants) {
      const isBroken =
        violations > 0 || found.has(name) || name === shown || known.get(name)?.isBroken === true
      known.set(name, { name, claimed, isBroken })
    }
  }
  return [...known.values()]
}
