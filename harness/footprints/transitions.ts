import { isolationLevels, type IsolationLevel } from '../databases/isolation.ts'
import type { ActorId, History, RunEvent } from '../history.ts'
import type { Step } from '../session.ts'
import { Effects } from './effects.ts'
import { footprintOfStep } from './footprint-of.ts'
import { everything, type Footprint } from './footprint.ts'
import { OpenTransaction } from './open-transaction.ts'
import { certainlyReads } from './certain-reading.ts'
import { factsOf, type Setting } from './setting.ts'

/**
 * All that happens from the sending of a step until nothing moves: besides the step itself, whatever
 * it releases. A statement that waits takes effect in the transition that ends its wait.
 */
export interface Transition {
  /** Whose step was sent. */
  readonly actor: ActorId
  /** Who took part: whose step it is, and whom it released, or ended. */
  readonly actors: ReadonlySet<ActorId>
  readonly effects: Effects
}

/**
 * Whether two transitions, one right after the other, may not be exchanged: because somebody took part
 * in both, or because one touches what the other does.
 */
export function isDependent(one: Transition, other: Transition): boolean {
  return !one.actors.isDisjointFrom(other.actors) || one.effects.conflictsWith(other.effects)
}

/**
 * Objects that are no part of the database. Who begins a command reads the time, and who ends one
 * writes it: so an exchange never changes whether one command had ended when another one began, nor
 * the order of the replies.
 */
const time = 'time'
/** Who waits for whom: a deadlock depends on all of it. */
const waits = 'waits'
const memoryOf = (process: number): string => `memory of process ${process}`

/** One connection of an actor. */
interface Connection {
  /** The transaction that is open. */
  transaction: OpenTransaction | undefined
  /** Set for the next transaction, or for the one that has just begun. */
  level: IsolationLevel | undefined
  /** It has done what is not known, such as to change a setting, so nothing is known of it any more. */
  isUnknown: boolean
}

/** A step that was sent and is not answered yet. */
interface Sent {
  readonly request: Step
  readonly footprint: Footprint
  readonly connection: Connection
  /** What it belongs to: the open transaction, or one of its own. */
  readonly transaction: OpenTransaction
}

class ActorTrack {
  readonly #connections = new Map<number, Connection>()
  sent: Sent | undefined
  /** Whether its next step is the first of a command. */
  isBetweenCommands = true
  /** The process whose memory it has begun to use. */
  process: number | undefined

  connectionOf(request: Step): Connection {
    return this.connectionAt('connection' in request ? (request.connection ?? 0) : 0)
  }

  connectionAt(index: number): Connection {
    let connection = this.#connections.get(index)
    if (!connection) {
      connection = { transaction: undefined, level: undefined, isUnknown: false }
      this.#connections.set(index, connection)
    }
    return connection
  }
}

/**
 * Reads the transitions of a run from its history, as far as it has come. What it cannot judge counts
 * as touching everything.
 */
export class TransitionReader {
  readonly transitions: Transition[] = []
  readonly #setting: Setting
  /** Whether the footprints of statements are all there is to know. */
  readonly #isPlain: boolean
  readonly #tables: ReadonlySet<string>
  readonly #tracks = new Map<ActorId, ActorTrack>()
  #position = 0
  /** The transition that the next event belongs to. */
  #actors = new Set<ActorId>()
  #effects = new Effects()

  /** @param setting without it, nothing is known of any step. */
  constructor(setting: Setting | undefined) {
    this.#setting = setting ?? nowhere
    const facts = factsOf(this.#setting)
    this.#isPlain = setting !== undefined && !facts.isTangled
    this.#tables = facts.tables
  }

  /** Reads on from where it stopped: the same history, grown, up to a point at which nothing moves. */
  read(history: History): readonly Transition[] {
    for (; this.#position < history.length; this.#position++) {
      const event = history[this.#position]
      if (event) this.#add(event)
    }
    return this.transitions
  }

  #add(event: RunEvent): void {
    const track = this.#trackOf(event.actor)
    if (event.kind === 'sent') this.#open(event.actor)
    this.#actors.add(event.actor)
    if (track.process !== undefined) this.#effects.write(memoryOf(track.process))
    switch (event.kind) {
      case 'sent':
        this.#send(track, event.request)
        return
      case 'blocked':
        this.#effects.write(waits)
        return
      case 'completed':
        this.#complete(track, event)
        return
      case 'failed':
        this.#fail(track, event)
        return
      case 'replied':
        this.#effects.write(time)
        track.isBetweenCommands = true
        return
      case 'shares':
        track.process = event.process
        this.#effects.write(memoryOf(event.process))
        return
      case 'noted':
        return
      case 'unblocked':
        this.#effects.read(waits) // who comes first may depend on who waits for whom
        return
      case 'parked':
        // It may have waited until now, and what it reads it has read since then.
        if (event.request.kind === 'phase' && track.sent) this.#touch(track.sent)
        return
      case 'disconnected':
        this.#disconnect(track.connectionAt(event.connection ?? 0))
        return
      case 'fault':
      case 'reconnected':
      default:
        this.#effects.touchEverything() // which also stands for events that are not known here
    }
  }

  #trackOf(actor: ActorId): ActorTrack {
    let track = this.#tracks.get(actor)
    if (!track) {
      track = new ActorTrack()
      this.#tracks.set(actor, track)
    }
    return track
  }

  #open(actor: ActorId): void {
    this.#actors = new Set([actor])
    this.#effects = new Effects()
    this.transitions.push({ actor, actors: this.#actors, effects: this.#effects })
  }

  #send(track: ActorTrack, request: Step): void {
    const connection = track.connectionOf(request)
    if (track.isBetweenCommands) this.#effects.read(time)
    track.isBetweenCommands = false
    const footprint = this.#footprintOf(request, connection)
    const transaction = connection.transaction ?? this.#single(connection)
    track.sent = { request, footprint, connection, transaction }
    this.#touch(track.sent)
  }

  #footprintOf(request: Step, connection: Connection): Footprint {
    if (!this.#isPlain) return everything
    const footprint = connection.isUnknown
      ? everything
      : footprintOfStep(request, this.#setting.engine)
    if (footprint.kind !== 'everything' && this.#isKnown(footprint)) return footprint
    connection.isUnknown = true
    return everything
  }

  /** Whether each table is one of those that the schema makes, and not something that looks like one. */
  #isKnown(footprint: Footprint): boolean {
    if (footprint.kind !== 'accesses') return true
    return footprint.accesses.every(
      ({ object, name = '', isSubquery }) =>
        object !== 'table' || isSubquery || this.#tables.has(name),
    )
  }

  #begun({ level }: Connection): OpenTransaction {
    return new OpenTransaction(this.#setting, level ?? this.#setting.isolation)
  }

  #single({ level }: Connection): OpenTransaction {
    return OpenTransaction.ofOneStatement(this.#setting, level ?? this.#setting.isolation)
  }

  /** What a statement does when it is sent, and again when its wait is over. */
  #touch({ footprint, transaction }: Sent): void {
    if (footprint.kind === 'everything') transaction.touchEverything(this.#effects)
    if (footprint.kind === 'rollback') transaction.release(this.#effects)
    if (footprint.kind === 'commit') transaction.commit(this.#effects)
    if (footprint.kind === 'accesses') transaction.touch(footprint.accesses, this.#effects)
  }

  #complete(track: ActorTrack, event: Extract<RunEvent, { kind: 'completed' }>): void {
    const { sent } = track
    if (!sent) return
    this.#touch(sent)
    track.sent = undefined
    const { transaction, footprint, connection, request } = sent
    if (footprint.kind === 'accesses' && 'statement' in request) {
      const { engine } = this.#setting
      const lookedIntoTable = certainlyReads(request.statement, engine, event.rows)
      transaction.done(footprint.accesses, lookedIntoTable)
    }
    if (footprint.kind === 'local') {
      this.#control(request, connection, event.transaction !== 'none')
    } else if (event.transaction === 'none') {
      if (footprint.kind !== 'rollback') transaction.commit(this.#effects)
      this.#end(connection)
    }
  }

  /** BEGIN, SET TRANSACTION, SAVEPOINT, or a sleep. */
  #control(request: Step, connection: Connection, isInside: boolean): void {
    if (!('statement' in request)) return
    const { engine } = this.#setting
    const text = request.statement.parts.join('')
    const level = levelIn(text)
    if (/^\s*(?:begin|start)\b/i.test(text)) {
      // In InnoDB that one has been committed; on PostgreSQL it goes on.
      connection.transaction?.touchEverything(this.#effects)
      if (connection.transaction && engine === 'postgres') return
      if (level) connection.level = level
      connection.transaction = this.#begun(connection)
    } else if (level && isInside) {
      connection.level = level
      connection.transaction = this.#begun(connection)
    } else if (level && engine !== 'postgres') connection.level = level // there, it is in vain
  }

  #fail(track: ActorTrack, event: Extract<RunEvent, { kind: 'failed' }>): void {
    const { sent } = track
    if (!sent) return
    this.#touch(sent)
    sent.transaction.release(this.#effects)
    if (event.error.errorClass === 'deadlock') {
      this.#effects.write(waits)
      // InnoDB picks the victim by what each has locked and written, and others can add to that.
      if (this.#setting.engine !== 'postgres') this.#effects.touchEverything()
    }
    if (event.transaction === 'none') this.#end(sent.connection)
    track.sent = undefined
  }

  #disconnect(connection: Connection): void {
    connection.transaction?.release(this.#effects)
    this.#end(connection)
  }

  #end(connection: Connection): void {
    connection.transaction = undefined
    connection.level = undefined
  }
}

/** Where nothing is known. */
const nowhere: Setting = { engine: 'postgres', isolation: 'serializable', schema: [] }

/** The isolation level that a statement names. */
const levelIn = (text: string): IsolationLevel | undefined => {
  const named = /isolation\s+level\s+([a-z]+(?:\s+[a-z]+)?)/i.exec(text)?.[1]
  const name = named?.toLowerCase().replace(/\s+/, '-')
  return isolationLevels.find((each) => each === name)
}
