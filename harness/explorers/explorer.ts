import type fc from 'fast-check'
import type { History } from '../history.ts'
import type { Outlook } from '../outlook.ts'
import type { Setting } from '../footprints/setting.ts'
import type { Chooser } from '../scheduler/choice.ts'

/**
 * Picks schedules. There are two kinds.
 *
 * A `sampling` explorer draws each schedule by chance, together with commands and data. What it draws
 * is plain data that fast-check generates and shrinks; `chooser` turns it into choices.
 *
 * A `systematic` explorer tries the schedules of one fixed plan, one after the other, and knows when
 * it has tried them all.
 *
 * Laws (see `laws.ts`): a chooser answers with an index below the number of enabled actors, and gives
 * the same answers for the same data; a search never gives the same schedule twice, and ends.
 */
export type Explorer = SamplingExplorer | SystematicExplorer

/** An explorer that draws each schedule by chance: see {@link Explorer}. */
export interface SamplingExplorer {
  readonly kind: 'sampling'
  readonly name: string
  readonly summary: string
  readonly schedule: fc.Arbitrary<readonly number[]>
  /** Whether it ever sends several statements together, where the grain allows it. */
  readonly overlaps?: boolean
  /**
   * Makes choices of what was drawn.
   *
   * @param outlook what is known of the run that the choices are for: a guess, which may be wrong.
   */
  chooser(schedule: readonly number[], outlook: Outlook): Chooser
}

/** An explorer that tries the schedules of one plan, one after the other: see {@link Explorer}. */
export interface SystematicExplorer {
  readonly kind: 'systematic'
  readonly name: string
  readonly summary: string
  /** Whether it can leave out what is beyond a bound. If not, it refuses one with a `UsageError`. */
  readonly takesBounds: boolean
  /** Whether it leaves nothing out that a fault could make a difference to. */
  readonly takesFaults: boolean
  /**
   * Begins a walk.
   *
   * @throws {UsageError} when it is given a bound and takes none.
   */
  search(options?: SearchOptions): Search
}

export interface SearchOptions extends SearchBounds {
  /** What it is a search of, for one that asks which steps commute. Without it, none do. */
  readonly setting?: Setting | undefined
}

/** Which schedules a search leaves out. */
export interface SearchBounds {
  /** Most preemptions in a schedule: switches away from an actor that could have gone on. */
  readonly preemptions?: number
  /** Most context switches in a schedule, those from an actor that waits or has ended included. */
  readonly switches?: number
}

/** A walk through all schedules of one plan. */
export interface Search {
  /**
   * Chooser of the next run; `undefined` when every schedule has been tried.
   *
   * @throws {HarnessFault} when the last run ended before the point at which it should have differed:
   *   it was stopped half way, or the same choices do not lead to the same run.
   */
  next(): Chooser | undefined

  /** Told what the run of the last chooser came to, where a search learns from it. */
  ran?(history: History): void

  /** Of the runs so far, those that came to what others had come to already, where that is counted. */
  readonly redundant?: number
}
