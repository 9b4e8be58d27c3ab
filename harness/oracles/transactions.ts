import type { EngineName } from '../databases/engine-name.ts'
import { isolationLevels, isolationSql, type IsolationLevel } from '../databases/isolation.ts'
import { showStatement, type Row, type Statement } from '../databases/statement.ts'
import { endedBy } from '../faults/index.ts'
import type { ActorId, History, RunEvent } from '../history.ts'
import type { Reply } from '../reply.ts'
import { effectOf, type Operation } from './operations.ts'

/**
 * A moment of a run. Moments are ordered by the step they belong to. Within a step, what its own actor
 * did comes before what it released others to do; and of these, nobody knows who came first.
 */
export interface Moment {
  readonly step: number
  readonly isReleased: boolean
}

/** Whether one moment came before another; `unknown` where the history does not say. */
export function before(one: Moment, other: Moment): boolean | 'unknown' {
  if (one.step !== other.step) return one.step < other.step
  if (one.isReleased !== other.isReleased) return other.isReleased
  return one.isReleased ? 'unknown' : false
}

/** An operation as it was done. */
export interface Done extends Operation {
  readonly transaction: UnitOfWork
  /** Number of the step in which its statement was sent. */
  readonly step: number
  /** When it had read, and when it was done with: it may have waited, or stopped, in between. */
  readonly readAt: Moment
  readonly doneAt: Moment
  readonly rows: readonly Row[]
  readonly affectedRows: number
}

/**
 * A transaction, a statement without BEGIN being one of its own.
 *
 * - `committed`: others could see what it wrote.
 * - `rolled back`: by the strategy itself, with nothing refused before.
 * - `refused`: by the database.
 */
export interface UnitOfWork {
  readonly actor: ActorId
  /** Which of its actor's commands it is part of, from 0. */
  readonly command: number
  readonly isolation: IsolationLevel
  readonly operations: Done[]
  /** Step of the first statement that does more than begin. */
  firstStep: number | undefined
  /** Step of its last statement. */
  lastStep: number
  end: 'committed' | 'rolled back' | 'refused'
  endedAt: Moment
}

export interface CommandRun {
  readonly actor: ActorId
  readonly index: number
  readonly reply: Reply
  readonly transactions: readonly UnitOfWork[]
}

/** What a history tells of transactions, or why it cannot be told. */
export type Reading = { readonly commands: readonly CommandRun[] } | { readonly why: string }

/** Groups the statements of a history by transaction, and these by command. */
export function readHistory(
  history: History,
  engine: EngineName,
  isolation: IsolationLevel,
): Reading {
  const reader = new Reader(engine, isolation)
  for (const event of history) {
    reader.read(event)
    if (reader.why !== undefined) return { why: reader.why }
  }
  return { commands: reader.commands }
}

/** A connection of an actor. */
interface Connection {
  open: UnitOfWork | undefined
  /** For the next transaction, where the engine has it set beforehand. */
  isolation: IsolationLevel | undefined
  hasFailed: boolean
}

/** A statement under way. */
interface Sent {
  readonly statement: Statement
  readonly connection: Connection
  readonly step: number
  stoppedAt?: Moment
  /** Whether it was done, although its answer was lost. */
  wasDone?: boolean
}

class Reader {
  readonly commands: CommandRun[] = []
  /** Why nothing can be told of this history. */
  why: string | undefined
  readonly #engine: EngineName
  readonly #isolation: IsolationLevel
  readonly #connections = new Map<string, Connection>()
  readonly #sent = new Map<ActorId, Sent>()
  readonly #ended = new Map<ActorId, UnitOfWork[]>()
  readonly #counts = new Map<ActorId, number>()
  /** The step that was sent last, and who sent it. */
  #step = 0
  #sender: ActorId = 0

  constructor(engine: EngineName, isolation: IsolationLevel) {
    this.#engine = engine
    this.#isolation = isolation
  }

  read(event: RunEvent): void {
    if (event.kind === 'sent') this.#send(event)
    else if (event.kind === 'parked' && event.request.kind === 'phase') this.#stop(event.actor)
    else if (event.kind === 'completed' || event.kind === 'failed') this.#answer(event)
    else if (event.kind === 'replied') this.#reply(event)
    else if (event.kind === 'fault') this.#strike(event)
    else if (event.kind === 'disconnected') this.#disconnect(event)
  }

  #send({ actor, step, request }: Extract<RunEvent, { kind: 'sent' }>): void {
    this.#step = step
    this.#sender = actor
    if (request.kind !== 'statement') return // a sleep, or the rest of a statement
    const name = `${actor}/${request.connection ?? 0}`
    const connection = this.#connections.get(name) ?? {
      open: undefined,
      isolation: undefined,
      hasFailed: false,
    }
    this.#connections.set(name, connection)
    this.#sent.set(actor, { statement: request.statement, connection, step })
  }

  #stop(actor: ActorId): void {
    const sent = this.#sent.get(actor)
    if (sent) sent.stoppedAt = this.#now(actor)
  }

  #now(actor: ActorId): Moment {
    return { step: this.#step, isReleased: actor !== this.#sender }
  }

  #answer(event: Extract<RunEvent, { kind: 'completed' | 'failed' }>): void {
    const sent = this.#sent.get(event.actor)
    if (!sent) return // the end of a sleep
    this.#sent.delete(event.actor)
    const { connection, statement, step } = sent
    const effect = effectOf(statement, this.#engine)
    if (effect.kind === 'unknown') {
      this.why = `what "${showStatement(statement)}" reads and writes (step ${step}) cannot be told from its text`
      return
    }
    const level = levelIn(statement)
    const isOver = event.transaction === 'none'
    if (effect.kind === 'begin' && isOver) {
      connection.isolation = level // of the next one
      return
    }
    if (!connection.open && effect.kind === 'rollback') return // it had been ended already
    if (connection.open && /^\s*(?:begin|start)\b/i.test(statement.parts[0] ?? '')) {
      this.why = `a transaction was begun inside another one (step ${step})`
      return
    }
    const transaction = (connection.open ??= this.#begin(event.actor, connection, level))
    transaction.lastStep = step
    if (effect.kind === 'rollback' && !isOver) {
      this.why = `a part of a transaction was rolled back (step ${step}), and what is left of it cannot be told`
      return
    }
    if (effect.kind === 'operations') {
      transaction.firstStep ??= step
      if (event.kind === 'completed') this.#record(transaction, effect.operations, sent, event)
    }
    connection.hasFailed ||= event.transaction === 'failed'
    if (!isOver) return
    const isRefused = (event.kind === 'failed' && !sent.wasDone) || connection.hasFailed
    const end = effect.kind === 'rollback' ? 'rolled back' : 'committed'
    this.#end(event.actor, connection, transaction, isRefused ? 'refused' : end)
  }

  /** The statement was done whatever its actor hears; and who is gone has nothing open any more. */
  #strike({ actor, fault, wasDone = false }: Extract<RunEvent, { kind: 'fault' }>): void {
    const sent = this.#sent.get(actor)
    if (sent && wasDone) sent.wasDone = true
    const ends = endedBy(fault)
    if (ends !== 'program' && ends !== 'server') return
    for (const [name, connection] of this.#connections) {
      const owner = Number.parseInt(name, 10)
      if (!connection.open || (ends === 'program' && owner !== actor)) continue
      this.#end(owner, connection, connection.open, 'refused')
    }
  }

  #disconnect({ actor, connection = 0 }: Extract<RunEvent, { kind: 'disconnected' }>): void {
    const closed = this.#connections.get(`${actor}/${connection}`)
    if (!closed?.open) return
    this.#end(actor, closed, closed.open, closed.hasFailed ? 'refused' : 'rolled back')
  }

  #end(
    actor: ActorId,
    connection: Connection,
    transaction: UnitOfWork,
    end: UnitOfWork['end'],
  ): void {
    transaction.end = end
    transaction.endedAt = this.#now(actor)
    connection.open = undefined
    connection.hasFailed = false
    const ended = this.#ended.get(actor) ?? []
    this.#ended.set(actor, [...ended, transaction])
  }

  #begin(actor: ActorId, connection: Connection, level: IsolationLevel | undefined): UnitOfWork {
    const isolation = level ?? connection.isolation ?? this.#isolation
    connection.isolation = undefined
    return {
      actor,
      command: this.#counts.get(actor) ?? 0,
      isolation,
      operations: [],
      firstStep: undefined,
      lastStep: this.#step,
      end: 'refused',
      endedAt: { step: Infinity, isReleased: false },
    }
  }

  #record(
    transaction: UnitOfWork,
    operations: readonly Operation[],
    { step, stoppedAt }: Sent,
    event: Extract<RunEvent, { kind: 'completed' }>,
  ): void {
    const doneAt = this.#now(event.actor)
    for (const operation of operations) {
      transaction.operations.push({
        ...operation,
        transaction,
        step,
        readAt: stoppedAt ?? doneAt,
        doneAt,
        rows: event.rows,
        affectedRows: event.affectedRows,
      })
    }
  }

  #reply({ actor, command, reply }: Extract<RunEvent, { kind: 'replied' }>): void {
    const transactions = this.#ended.get(actor) ?? []
    this.#ended.delete(actor)
    this.#counts.set(actor, command + 1)
    this.commands.push({ actor, index: command, reply, transactions })
  }
}

/** The level that a statement begins a transaction at, or sets for the next one. */
function levelIn({ parts }: Statement): IsolationLevel | undefined {
  const text = parts.join('').replaceAll(/\s+/g, ' ').toUpperCase()
  const [, name] = /\bISOLATION LEVEL (.+?)\s*;?\s*$/.exec(text) ?? []
  return isolationLevels.find((level) => isolationSql(level) === name)
}
