import { valueOf } from './environment.ts'

/** Where programs find what came of the tests, besides what people read. */
export const results = (): string | undefined => valueOf('LOCKSTEP_RESULTS')

const annotations = 'github-actions'

/**
 * Who tells what came of the tests: people on a terminal, whoever reads summaries, programs if they say
 * where, and GitHub beside the lines that failures come from, unless it has been told by shards.
 */
export function reporterNames({ areMerged = false } = {}): readonly string[] {
  const isOnGithub = valueOf('GITHUB_ACTIONS') === 'true'
  return [
    'default',
    './harness/testing/summary-reporter.ts',
    ...(results() === undefined ? [] : ['json']),
    ...(isOnGithub && !areMerged ? [annotations] : []),
  ]
}

/** The same with options. What vitest would write into the summary of a step is ours to write. */
export const reporters = (): [string, Record<string, unknown>][] =>
  reporterNames().map((name) => [
    name,
    name === annotations ? { jobSummary: { enabled: false } } : {},
  ])
