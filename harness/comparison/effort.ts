/** How much is measured in every cell of a comparison. */
export interface Effort {
  /** The longest that every schedule of the first scenario is tried for; 0 to leave that out. */
  readonly enumerationMs: number
  /** Most schedules that are drawn in search of a violation, where none was found before. */
  readonly schedules: number
  /** The longest that they are drawn for: there to end what is slow, and not to be reached. */
  readonly searchMs: number
  /** The longest that a counterexample is made smaller. */
  readonly shrinkMs: number
  /** How often a series of drawn schedules is begun with another seed, and how long each is. */
  readonly seeds: number
  readonly schedulesPerSeed: number
  /** Runs with no scheduler. */
  readonly naiveTrials: number
  /** Numbers of clients that put a load on the database. */
  readonly clients: readonly number[]
  readonly contentions: readonly ('hot' | 'spread')[]
  readonly repetitions: number
  readonly warmUpMs: number
  readonly loadMs: number
}

export const modes = ['full', 'quick'] as const
export type Mode = (typeof modes)[number]

/**
 * `full` is meant for all strategies on all engines at all levels in less than an hour on two cores,
 * `quick` for each engine's own level in less than three minutes. Whoever compares few cells can afford
 * much more.
 */
export const efforts: Readonly<Record<Mode, Effort>> = {
  full: {
    enumerationMs: 3_000,
    schedules: 100,
    searchMs: 5_000,
    shrinkMs: 4_000,
    seeds: 5,
    schedulesPerSeed: 20,
    naiveTrials: 30,
    clients: [1, 8, 64],
    contentions: ['hot', 'spread'],
    repetitions: 3,
    warmUpMs: 50,
    loadMs: 150,
  },
  quick: {
    enumerationMs: 0,
    schedules: 20,
    searchMs: 5_000,
    shrinkMs: 500,
    seeds: 1,
    schedulesPerSeed: 10,
    naiveTrials: 10,
    clients: [8],
    contentions: ['hot'],
    repetitions: 1,
    warmUpMs: 30,
    loadMs: 100,
  },
}
