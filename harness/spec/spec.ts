/**
 * A specification as PostgreSQL's isolation tester reads it: the sessions, what each does step by step,
 * and in which orders.
 * Source: PostgreSQL, src/test/isolation/README.
 */
export interface Spec {
  /** Run one after the other before every permutation. */
  readonly setups: readonly string[]
  /** Run after every permutation. */
  readonly teardown: string | undefined
  /** At least one. */
  readonly sessions: readonly SpecSession[]
  /** The orders to run; undefined for all there are. */
  readonly permutations: readonly Permutation[] | undefined
  /** What is odd, but no error, in the tool's own words. */
  readonly warnings: readonly string[]
}

export interface SpecSession {
  readonly name: string
  readonly setup: string | undefined
  readonly steps: readonly SpecStep[]
  readonly teardown: string | undefined
}

export interface SpecStep {
  /** Unique in the specification. */
  readonly name: string
  /** One statement or several, without the blanks around it. */
  readonly sql: string
  /** Index of its session. */
  readonly session: number
}

export type Permutation = readonly PermutationStep[]

export interface PermutationStep {
  readonly step: SpecStep
  /** What must have happened before the step is reported as completed. */
  readonly blockers: readonly Blocker[]
}

export type Blocker =
  /** `(*)`: the step counts as waiting once, however quick it is. */
  | { readonly kind: 'once' }
  /** `(other)`: the other step is not under way. */
  | { readonly kind: 'step'; readonly step: SpecStep }
  /** `(other notices 2)`: the other step's session has sent so many messages since this step began. */
  | { readonly kind: 'notices'; readonly step: SpecStep; readonly count: number }

/** All the SQL of a specification. */
export const textsOf = ({ setups, teardown, sessions }: Spec): string[] =>
  [
    ...setups,
    ...sessions.flatMap((session) => [
      session.setup,
      ...session.steps.map(({ sql }) => sql),
      session.teardown,
    ]),
    teardown,
  ].filter((text) => text !== undefined)
