import type { ActorSession, Lane, StatementOutcome } from '../databases/engine.ts'
import type { EngineName } from '../databases/engine-name.ts'
import type { ActorId } from '../history.ts'
import type { Step } from '../session.ts'

/** Names of the kinds of faults that a plan can hold: see `kinds/`, a file for each. */
export const faultNames = [
  'session-killed',
  'client-dies',
  'request-lost',
  'answer-lost',
  'statement-timeout',
  'lock-timeout',
  'server-killed',
] as const

/** One of {@link faultNames}. */
export type FaultName = (typeof faultNames)[number]

/**
 * A fault of a plan, as plain data. It strikes once: the first of the actor's steps, from `step` on, that
 * a fault of its kind can strike. One whose actor takes no such step does nothing.
 */
export interface PlannedFault {
  readonly actor: ActorId
  /** Number of a step among the actor's own, statements and sleeps, from 0. */
  readonly step: number
  readonly kind: FaultName
}

/** What may be struck: a step, and the session it goes over. */
export interface Target {
  readonly step: Step
  readonly session: ActorSession
  readonly engine: EngineName
}

/** Where a fault is struck, and the connections of the actor it happens to. */
export interface Scene {
  readonly lane: Lane
  /** The one that its step goes over. */
  readonly session: ActorSession
  readonly sessions: readonly ActorSession[]
}

/** The session of the statement; the actor's program, with all its sessions; or the server, with everybody's. */
export type Ends = 'session' | 'program' | 'server'

interface Described {
  readonly name: FaultName
  /** What happens, as lanes and reports say it: without the actor, and without a full stop. */
  readonly title: string
  /** One sentence more. */
  readonly summary: string
  canStrike(target: Target): boolean
}

/**
 * A kind of fault: what happens, and when.
 *
 * - `before`: when it is the actor's turn, and before its statement is sent.
 * - `during`: the statement is sent, and what becomes of it is the fault. Whether it has struck is known
 *   when the statement has failed.
 * - `waiting`: as soon as the server says that the statement waits for a lock.
 */
export type FaultType = Described &
  (
    | {
        readonly moment: 'before'
        /** Done when the server has nothing left of what it ends. */
        strike(scene: Scene): Promise<void>
        /** What ends with it. Whose program does sends nothing any more. */
        readonly ends: Ends
      }
    | {
        readonly moment: 'during'
        /** Called before each statement that may be the one. */
        arm(scene: Scene): Promise<void>
        /** Called before the actor's next statement, if it was not the one, or was. */
        disarm(scene: Scene): Promise<void>
        /** Whether it has, by what became of the statement. */
        hasStruck(outcome: StatementOutcome): boolean
        /** Whether a wait of the statement ends by itself, so that nobody has to be waited for. */
        readonly endsWaits: boolean
      }
    | {
        readonly moment: 'waiting'
        /** The statement waits: it is to end. */
        strike(scene: Scene): Promise<void>
      }
  )

export type Moment = FaultType['moment']
