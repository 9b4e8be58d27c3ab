/** Where something that was observed puts a transaction: before all that another one wrote, or after. */
export type Position = 'before' | 'after'

/** Undefined when what was observed is neither of the two. */
export function position<T>(
  observed: T,
  expected: Readonly<Record<Position, T>>,
): Position | undefined {
  if (observed === expected.before) return 'before'
  return observed === expected.after ? 'after' : undefined
}

/** Whether positions contradict one another; undefined when one of them is not known. */
export function disagree(positions: readonly (Position | undefined)[]): boolean | undefined {
  if (positions.includes(undefined)) return undefined
  return new Set(positions).size > 1
}
