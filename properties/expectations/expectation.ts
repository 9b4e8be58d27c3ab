import type { AbortClass, IsolationLevel } from '../../harness/index.ts'
import type { Platform } from '../cells.ts'

/** What a strategy comes to in a cell. Found by running it, and demanded of every run since. */
export interface Expectation {
  /** Names of the claimed invariants that can be broken. All other claims hold. */
  readonly breaks?: readonly string[]
  /** Names of those that are broken so rarely that not every run of the tests can be asked to see it. */
  readonly breaksRarely?: readonly string[]
  /** Why commands are aborted in some schedule of two actors who do one command each. */
  readonly aborts?: readonly AbortClass[]
  /** Why they may be aborted besides: versions of one engine pick other victims of a deadlock. */
  readonly abortsOnSomeVersions?: readonly AbortClass[]
  /**
   * What comes besides where others can act between what a statement has read and what it writes: see
   * grain `phase`.
   */
  readonly inside?: {
    readonly breaks?: readonly string[]
    /** As above: it takes more actors, or more preemptions, than are tried in full. */
    readonly breaksRarely?: readonly string[]
    readonly aborts?: readonly AbortClass[]
  }
  /** A few words where it surprises. */
  readonly why?: string
}

/** One expectation for each isolation level. */
export type Levels = Readonly<Record<IsolationLevel, Expectation>>

/** The claims that are known to be broken somehow: where nothing else is, all is as expected. */
export function breakable({ breaks, breaksRarely, inside }: Expectation): ReadonlySet<string> {
  const all = [breaks, breaksRarely, inside?.breaks, inside?.breaksRarely]
  return new Set(all.flatMap((each) => each ?? []))
}

/** What is expected of one strategy, everywhere. */
export type Expectations = Readonly<Record<Platform, Levels>>

/** Everything that is claimed holds, and nothing is aborted. */
export const holds: Expectation = {}

/** The same at every isolation level. */
export const always = (expectation: Expectation): Levels => ({
  'read-uncommitted': expectation,
  'read-committed': expectation,
  'repeatable-read': expectation,
  serializable: expectation,
})

/** The same at the two levels that see each statement's own snapshot, or none, and at the others. */
export const byLevel = (
  readCommitted: Expectation,
  repeatableRead: Expectation,
  serializable: Expectation,
): Levels => ({
  'read-uncommitted': readCommitted,
  'read-committed': readCommitted,
  'repeatable-read': repeatableRead,
  serializable,
})

/** The same on every platform. */
export const everywhere = (levels: Levels): Expectations => ({
  postgres: levels,
  mysql: levels,
  mariadb: levels,
  'mariadb with snapshot isolation': levels,
})

/** The same on MySQL, and on MariaDB as long as snapshot isolation is off. */
export const innodbWithoutSnapshots = (
  levels: Levels,
): Pick<Expectations, 'mysql' | 'mariadb'> => ({ mysql: levels, mariadb: levels })

/** The same wherever InnoDB is. */
export const innodb = (levels: Levels): Omit<Expectations, 'postgres'> => ({
  ...innodbWithoutSnapshots(levels),
  'mariadb with snapshot isolation': levels,
})
