import { git } from './git.ts'
import { valueOf, wholeNumberIn } from './environment.ts'

/**
 * Where random schedules begin: what LOCKSTEP_SEED says; else, where a service runs the tests for a
 * commit, the beginning of the commit's hash, so that every commit is searched elsewhere and the same
 * commit again in the same place; else something new each time.
 *
 * @throws {SettingsError} when LOCKSTEP_SEED is no whole number.
 */
export function chooseSeed(): number {
  return wholeNumberIn('LOCKSTEP_SEED') ?? seedOfCommit() ?? Math.floor(Math.random() * 2 ** 31)
}

function seedOfCommit(): number | undefined {
  if (valueOf('CI') === undefined) return undefined
  const hash = valueOf('GITHUB_SHA') ?? valueOf('CI_COMMIT_SHA') ?? git(['rev-parse', 'HEAD'])
  return hash === undefined || !/^[0-9a-f]{8}/.test(hash) ? undefined : seedOf(hash)
}

/** The first 31 bits of a commit's hash. */
export const seedOf = (hash: string): number => Number.parseInt(hash.slice(0, 8), 16) >>> 1
