/** The size a counterexample must be shrunk to. */
export interface Smallest {
  readonly actors: number
  /** Commands of each actor. */
  readonly commands: number
  /** Most context switches. */
  readonly contextSwitches: number
  /** Most steps of all actors together. */
  readonly steps: number
}

const twoByOne = (steps: number): Smallest => ({
  actors: 2,
  commands: 1,
  contextSwitches: 2,
  steps,
})

/**
 * Which claims are false, by strategy and invariant: found by running, and demanded of every run
 * since. What a strategy claims and is not named here must hold.
 */
export const refuted: Readonly<Record<string, Readonly<Record<string, Smallest>>>> = {
  'redemption/check-then-insert': {
    'one-redemption-per-user': twoByOne(10),
    'redemptions-within-cap': twoByOne(12),
  },
  'purchase/check-then-decrement': { 'stock-never-negative': twoByOne(10) },
  'purchase/read-modify-write': { 'stock-conserved': twoByOne(10) },
  'checkout/check-both': {
    'one-redemption-per-user': twoByOne(16),
    'redemptions-within-cap': twoByOne(18),
    'stock-never-negative': twoByOne(16),
  },
}
