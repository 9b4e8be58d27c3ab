import type { Values } from '../script.ts'
import { sameValues } from '../serial-order.ts'

/**
 * What was read, each time as one of the sets of rows that could be read: undefined when something
 * else was, or nothing.
 */
export function rowsAmong(
  reads: readonly (Values | undefined)[],
  known: readonly Values[],
): readonly Values[] | undefined {
  const found = reads.map((rows) => rows && known.find((each) => sameValues(each, rows)))
  return found.every((each) => each !== undefined) ? found : undefined
}
