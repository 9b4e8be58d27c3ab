/** The size a counterexample must be shrunk to. */
export interface Smallest {
  readonly actors: number
  /** Commands of each actor. */
  readonly commands: number
  /** Most context switches. */
  readonly contextSwitches: number
}

const twoByOne: Smallest = { actors: 2, commands: 1, contextSwitches: 2 }

/**
 * Which claims are false, by strategy and invariant: found by running, and demanded of every run
 * since. What a strategy claims and is not named here must hold.
 */
export const refuted: Readonly<Record<string, Readonly<Record<string, Smallest>>>> = {
  'redemption/check-then-insert': {
    'one-redemption-per-user': twoByOne,
    'redemptions-within-cap': twoByOne,
  },
  'purchase/check-then-decrement': { 'stock-never-negative': twoByOne },
  'purchase/read-modify-write': { 'stock-conserved': twoByOne },
  'checkout/check-both': {
    'one-redemption-per-user': twoByOne,
    'redemptions-within-cap': twoByOne,
    'stock-never-negative': twoByOne,
  },
}
