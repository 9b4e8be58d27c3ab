import type { StrategyId } from '../strategies/index.ts'

/** The size a counterexample must be shrunk to. */
export interface Smallest {
  readonly invariant: string
  readonly actors: number
  /** Commands of each actor. */
  readonly commands: number
  /** Most context switches. */
  readonly contextSwitches: number
  /** Most steps of all actors together. */
  readonly steps: number
}

const twoByOne = (invariant: string, steps: number, contextSwitches = 2): Smallest => ({
  invariant,
  actors: 2,
  commands: 1,
  contextSwitches,
  steps,
})

/** Counterexamples that every engine must give at its own isolation level, as small as they can be. */
export const smallest: Partial<Readonly<Record<StrategyId, readonly Smallest[]>>> = {
  'redemption/check-then-insert': [
    twoByOne('one-redemption-per-user', 10),
    twoByOne('redemptions-within-cap', 12),
  ],
  'purchase/check-then-decrement': [twoByOne('stock-never-negative', 10)],
  'purchase/read-modify-write': [twoByOne('stock-conserved', 10)],
  'checkout/check-both': [
    twoByOne('one-redemption-per-user', 16),
    twoByOne('redemptions-within-cap', 18),
    twoByOne('stock-never-negative', 18, 3),
  ],
}

/** How many schedules the first scenario has, on every engine. */
export interface Space {
  readonly strategy: StrategyId
  readonly actors: number
  readonly schedules: number
  readonly verdict: 'holds' | 'violated'
}

export const spaces: readonly Space[] = [
  { strategy: 'purchase/select-for-update', actors: 2, schedules: 36, verdict: 'holds' },
  { strategy: 'purchase/select-for-update', actors: 3, schedules: 2_682, verdict: 'holds' },
  // Two sessions of five statements each that never wait: 10! / (5! · 5!).
  { strategy: 'redemption/check-then-insert', actors: 2, schedules: 252, verdict: 'violated' },
]
