import fc from 'fast-check'
import type { Contention } from '../workload.ts'

/**
 * Rows of the table that clients meet in, in a load. So many whether they all meet in the first one or
 * not: what a statement costs depends on how large its tables are, and should not differ.
 */
export const rowsOfLoad = 1_000

/** Ids from 1 to `rowsOfLoad`. */
export const idsOfLoad = Array.from({ length: rowsOfLoad }, (_, index) => index + 1)

const drawnIds = 10_000

/** Which row it is this time: the first one always, or one that is drawn, over and over in the same order. */
export function rowPicker(contention: Contention, seed: number): (number: number) => number {
  if (contention === 'hot') return () => 1
  // Without its bias towards small numbers, which is for finding faults.
  const anyRow = fc.noBias(fc.integer({ min: 1, max: rowsOfLoad }))
  const drawn = fc.sample(anyRow, { seed, numRuns: drawnIds })
  return (number) => drawn[number % drawnIds] ?? 1
}
