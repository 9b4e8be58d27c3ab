/**
 * The oldest Node that Lockstep works with, as in package.json: it has to read a strategy in TypeScript
 * without a switch, and this is the oldest that testcontainers promises to work with.
 */
export const oldestNode = '22.22.0'

/** One sentence when this version of Node is too old; any Node has to understand this file. */
export function whyTooOld(version: string): string | undefined {
  if (isAtLeast(numbersOf(version), numbersOf(oldestNode))) return undefined
  return `Lockstep needs Node ${oldestNode} or later, and this is ${version}: install a newer one from https://nodejs.org.`
}

const numbersOf = (version: string): number[] => version.split('.').map((part) => parseInt(part))

function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  for (const [index, number] of least.entries()) {
    const other = version[index] ?? 0
    if (other !== number) return other > number
  }
  return true
}
