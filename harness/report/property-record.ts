import type { IsolationLevel } from '../databases/isolation.ts'
import type { Platform } from '../hermitage/platform.ts'

/** What a property has looked at. */
export type Aspect =
  | 'known counterexample'
  | 'between statements'
  | 'inside statements'
  | 'under faults'
  | 'when the server is killed'
  | 'new search'

/** A counterexample that nobody expected. */
export interface Finding {
  readonly invariant: string
  /** The report on it for people: what broke, and the lanes. */
  readonly text: string
  /** Of the file it is kept in, where there is one. */
  readonly file?: string
}

/**
 * What a property says of one strategy at one isolation level of one platform. Plain data: it goes with
 * the test through the test runner, from shards as well.
 */
export interface PropertyRecord {
  /** Workload and name: `purchase/read-modify-write`. */
  readonly strategy: string
  readonly platform: Platform
  readonly isolation: IsolationLevel
  readonly aspect: Aspect
  /** Runs that were judged. */
  readonly schedules?: number
  /** Invariants that were broken as everybody knows they can be. */
  readonly broken?: readonly string[]
  readonly finding?: Finding
  /** Why it was not looked at. */
  readonly notRun?: string
  /** Why nothing can be said. */
  readonly inconclusive?: string
}
