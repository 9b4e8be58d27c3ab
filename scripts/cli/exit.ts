import type { Exploration } from '../../harness/index.ts'

/** What the exit code says. Inconclusive is never a pass. */
export const exitCodes = {
  holds: 0,
  violated: 1,
  usage: 2,
  inconclusive: 3,
} as const satisfies Record<Exploration['verdict'] | 'usage', number>
