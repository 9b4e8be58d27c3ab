import { distance } from 'fastest-levenshtein'
import { UsageError } from './errors.ts'

/**
 * Looks a plug-in up by name.
 *
 * @throws {UsageError} naming the nearest known ones when there is none of that name.
 */
export function byName<T extends { readonly name: string }>(
  kind: string,
  known: readonly T[],
  name: string,
): T {
  const found = known.find((each) => each.name === name)
  if (found) return found
  throw new UsageError(
    unknownName(
      kind,
      name,
      known.map((each) => each.name),
    ),
  )
}

/** One sentence: what is unknown, and what it may have been meant to be. */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  const names = [...new Set(known)]
  const nearest = names
    .map((candidate) => ({ candidate, edits: distance(name, candidate) }))
    .filter(({ candidate, edits }) => edits <= Math.max(2, candidate.length / 3))
    .toSorted((a, b) => a.edits - b.edits)
    .map(({ candidate }) => `"${candidate}"`)
  const hint =
    nearest.length > 0
      ? `Did you mean ${nearest.slice(0, 3).join(' or ')}?`
      : `Known are: ${names.join(', ')}.`
  return `There is no ${kind} "${name}". ${hint}`
}
