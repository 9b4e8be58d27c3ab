import type { ActorId } from './history.ts'
import type { Reply } from './reply.ts'

/** A command as it went: who did it, what the reply was, and between which steps. */
export interface PerformedCommand<Command> {
  readonly actor: ActorId
  readonly command: Command
  readonly reply: Reply
  /**
   * Number of its first step. A client may have been about to begin for any length of time; it has
   * begun when the database first hears of it.
   */
  readonly beganAt: number
  /** Number of the last step sent when the reply was given. */
  readonly endedAt: number
}

/** All that an invariant may judge a run by. */
export interface Observation<State, Command> {
  readonly initial: State
  /** In the order of their replies. */
  readonly commands: readonly PerformedCommand<Command>[]
  /** The state after every commit, in order. Two commits of which one released the other are one. */
  readonly committed: readonly State[]
  readonly final: State
}

/** Something that must be true of every run. */
export interface Invariant<State, Command> {
  readonly name: string
  readonly summary: string
  /** What is wrong, naming the rows; `undefined` when nothing is. */
  check(run: Observation<State, Command>): string | undefined
}

/** An invariant that a run broke. */
export interface Violation {
  readonly invariant: string
  readonly message: string
}
