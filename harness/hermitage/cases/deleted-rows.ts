import { initialValues, type Values } from '../script.ts'

/**
 * The ids of the first two rows that are gone, as in `1` or `1,2`; undefined when what is left is none
 * of the values that the script gives them.
 */
export function deletedRows(
  final: Values,
  values: Readonly<Record<1 | 2, readonly number[]>>,
): string | undefined {
  const ids = [1, 2] as const
  const isKnown = ids.every((id) => final[id] === undefined || values[id].includes(final[id]))
  const hasOthers = Object.keys(final).some((id) => !(id in initialValues))
  return isKnown && !hasOthers ? ids.filter((id) => final[id] === undefined).join() : undefined
}
