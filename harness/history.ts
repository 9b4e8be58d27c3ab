import type { TransactionState } from './databases/engine.ts'
import type { ErrorClass } from './databases/database-error.ts'
import type { Row } from './databases/statement.ts'
import type { FaultName } from './faults/fault.ts'
import type { Reply } from './reply.ts'
import type { Step } from './session.ts'

/** Index of an actor in its plan. Actors are shown as A, B, C, … */
export type ActorId = number

/** As lanes and messages name it: `A` for 0. */
export const actorName = (actor: ActorId): string => String.fromCodePoint(65 + actor)

/**
 * What happened to one actor. Everything in it is decided by the plan and the database, and nothing
 * by the clock, so the same plan gives the same history. Events of actors that ran on at the same
 * time, because one commit woke them all, stand in the actors' order.
 *
 * `step` numbers the steps of all actors, from 1, in the order in which they were sent. In grain
 * `phase`, a statement that has stopped parks its actor again, and the rest of it is a step too. In
 * grain `overlap`, statements that are sent together have the same number, and what follows is decided
 * by the server's clock as well.
 */
export type RunEvent = { readonly actor: ActorId } & (
  | { readonly kind: 'parked'; readonly request: Step }
  | { readonly kind: 'sent'; readonly step: number; readonly request: Step }
  | { readonly kind: 'blocked'; readonly step: number; readonly by: readonly ActorId[] }
  | { readonly kind: 'unblocked'; readonly step: number }
  | {
      readonly kind: 'completed'
      readonly step: number
      readonly rows: readonly Row[]
      readonly affectedRows: number
      readonly transaction: TransactionState
    }
  | {
      readonly kind: 'failed'
      readonly step: number
      readonly error: RecordedError
      readonly transaction: TransactionState
    }
  | { readonly kind: 'replied'; readonly command: number; readonly reply: Reply }
  /** What its application says of itself, such as a request to a service, and its answer. */
  | { readonly kind: 'noted'; readonly text: string }
  /** Its code has begun to use the memory of its process, which the other actors there share. */
  | { readonly kind: 'shares'; readonly process: number }
  /**
   * A fault of the plan strikes: before the step of that number, or while it is under way. `wasDone` says,
   * where the answer to a statement is lost, whether the server had done it.
   */
  | {
      readonly kind: 'fault'
      readonly step: number
      readonly fault: FaultName
      readonly wasDone?: boolean
    }
  /** Its application has closed a connection inside a transaction, which the server has rolled back. */
  | { readonly kind: 'disconnected'; readonly connection?: number }
  /** It goes on over a new connection, as the one it had is lost. */
  | { readonly kind: 'reconnected'; readonly connection?: number }
)

export interface RecordedError {
  readonly errorClass: ErrorClass
  readonly code: string
  readonly message: string
}

/** All that happened in a run, in order. Steps are numbered from 1. */
export type History = readonly RunEvent[]

/** The first step at which more than one actor waited, or Infinity. */
export function firstQueue(history: History): number {
  const waiting = new Set<ActorId>()
  for (const event of history) {
    if (event.kind === 'blocked') waiting.add(event.actor)
    if (event.kind === 'unblocked') waiting.delete(event.actor)
    if (waiting.size > 1 && 'step' in event) return event.step
  }
  return Infinity
}
