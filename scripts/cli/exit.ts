import type { Exploration } from '../../harness/index.ts'

/** What the exit code says. Inconclusive is never a pass. */
export const exitCodes = {
  holds: 0,
  violated: 1,
  usage: 2,
  inconclusive: 3,
  /** Ctrl-C a second time: the code of whatever a shell has seen end by it. */
  interrupted: 130,
} as const satisfies Record<Exploration['verdict'] | 'usage' | 'interrupted', number>
