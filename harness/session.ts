import { isDatabaseError } from './databases/database-error.ts'
import { beginStatements } from './databases/begin.ts'
import type { EngineName } from './databases/engine-name.ts'
import {
  showStatement,
  statement,
  type Row,
  type SqlValue,
  type Statement,
} from './databases/statement.ts'
import type { IsolationLevel } from './databases/isolation.ts'
import { StrategyFault } from './errors.ts'
import { isReply } from './reply.ts'

/**
 * The rows of a statement. Without a type argument a row's columns are `any`, as drivers have it:
 * give one, such as `sql<{ stock: number }>`, to have the compiler look.
 */
export type ResultRows<R> = readonly R[] & {
  /** Rows written by INSERT, UPDATE or DELETE; for a statement that returns rows, their number. */
  readonly affectedRows: number
}

/**
 * Sends one statement, written as a tagged template. What stands in `${…}` is sent as a parameter
 * and never becomes SQL text, so the same template serves every engine. Each call is a step: the
 * scheduler decides when it runs.
 *
 * @throws {DatabaseError} when the database refuses it, with a class that is the same on every engine.
 */
export interface Sql {
  // oxlint-disable-next-line typescript/no-explicit-any -- rows are typed by whoever knows the table
  <R = any>(parts: TemplateStringsArray, ...params: readonly SqlValue[]): Promise<ResultRows<R>>
}

/** An actor's open transaction. */
export interface Transaction {
  readonly sql: Sql
  /** See {@link Session.sleep}. */
  sleep(ms: number): Promise<void>
}

/** What a strategy is given: an actor's own connection, with every statement a step. */
export interface Session {
  /** Outside `transaction`, every statement is a transaction of its own. */
  readonly sql: Sql

  /**
   * BEGIN, the body, and COMMIT: or ROLLBACK when the body throws or returns a reply that says
   * nothing was done (`rejected`, `aborted`).
   *
   * When the connection is lost, the transaction is, and everything sent in it fails from then on; there
   * is nothing to roll back. What is sent after it goes over a new connection.
   *
   * @returns what the body returned.
   * @throws what the body threw, after ROLLBACK; or what the database answered to COMMIT.
   */
  transaction<T>(
    body: (tx: Transaction) => Promise<T>,
    options?: { readonly isolation?: IsolationLevel },
  ): Promise<T>

  /**
   * Waits without waiting: time is virtual, and the end of the wait is a scheduling point like any
   * statement. `ms` is only shown. `setTimeout` would be real time, which no schedule controls.
   */
  sleep(ms: number): Promise<void>

  /** How often a command may be tried in all, from the plan: the bound of every retry loop. */
  readonly attempts: number

  /** The engine, for the few statements that each writes its own way. */
  readonly engine: EngineName

  /** The same actor on its second connection: of a strategy with `connections: 2`. */
  readonly second: Session

  /**
   * What `start` of an application returned: see `defineApplication`. Strategies without one have none.
   */
  readonly client: unknown

  /** Puts a line into the actor's lane of a counterexample, such as a request and its answer. */
  note(text: string): void

  /** The process that the actor is part of: some share it, and some do not. */
  readonly process: ActorProcess

  /**
   * Who asks for this once calls it so: the same for every attempt at a command, and another one for
   * every other command of the run. Short, and of letters and digits.
   */
  readonly requestId: string
}

/**
 * An instance of the application under test, as several usually serve one database. Every run has
 * two of them, with the actors dealt out in turn.
 */
export interface ActorProcess {
  readonly id: number
  /** What the actors of this process share, and no others. Empty at the start of every run. */
  readonly memory: Map<string, unknown>
}

/** What an actor asks of the scheduler: one statement, or the end of a sleep. */
export type Step =
  | ({ readonly kind: 'statement' } & Sending)
  /**
   * The rest of a statement that has stopped between what it has read and the first row it writes:
   * only in grain `phase`. It is the server that asks for this step, and not the actor's code.
   */
  | ({ readonly kind: 'phase' } & Sending)
  | { readonly kind: 'sleep'; readonly ms: number }

interface Sending {
  readonly statement: Statement
  /** Which of the actor's connections it goes over, from 0, the first and mostly the only one. */
  readonly connection?: number
  /** Part of a transaction whose connection is lost: a new one would not do. */
  readonly isOrphan?: true
}

/** A step as people read it. Recordings are compared by it: see `counterexample/trace.ts`. */
export function describeStep(step: Step): string {
  if (step.kind === 'sleep') return `sleep(${step.ms} ms)`
  const on = step.connection === undefined ? '' : ` (connection ${step.connection + 1})`
  const rest = step.kind === 'phase' ? 'the rest of ' : ''
  return rest + showStatement(step.statement) + on
}

/**
 * Where an actor's steps go. Rejects with a `DatabaseError` when the database refused the step. What
 * nobody awaits is found out by the scheduler: a rejection that nobody hears of ends no process.
 */
export type Gate = (step: Step) => Promise<ResultRows<Row>>

const orphan = { isOrphan: true } as const
const commit = statement(['COMMIT'])
const rollback = statement(['ROLLBACK'])

/** What a session is made for. */
export interface SessionSetting {
  readonly attempts: number
  readonly engine: EngineName
  readonly process: ActorProcess
  /** Connections of the actor. */
  readonly connections: 1 | 2
  /** What speaks to the database for the actor, if it is not the session. */
  readonly client?: unknown
  /** Where the actor's notes go. */
  readonly note?: (text: string) => void
  readonly requestId: string
}

/** The session a strategy sees, on top of a gate. */
export function openSession(gate: Gate, setting: SessionSetting): Session {
  return onConnection(0, gate, setting)
}

function onConnection(connection: number, gate: Gate, setting: SessionSetting): Session {
  const { attempts, engine, process, requestId } = setting
  /** The transaction that is open. */
  let open: { isLost: boolean } | undefined
  const send = (of: Statement) => {
    const place = { ...(connection > 0 && { connection }), ...(open?.isLost && orphan) }
    const rows = gate({ kind: 'statement', statement: of, ...place })
    const own = open
    if (!own) return rows
    rows.catch((error: unknown) => {
      if (isDatabaseError(error, 'connection lost')) own.isLost = true
    })
    return rows
  }
  const sql = ((parts: TemplateStringsArray, ...params: SqlValue[]) => {
    const missing = params.findIndex((param) => (param as unknown) === undefined)
    if (missing >= 0) throw undefinedParameter(parts, missing)
    return send(statement(parts, params))
  }) as Sql
  const sleep = async (ms: number): Promise<void> => {
    await gate({ kind: 'sleep', ms })
  }
  const tx: Transaction = { sql, sleep }

  const transaction: Session['transaction'] = async (body, options) => {
    const own = { isLost: false }
    open = own
    try {
      return await inTransaction(own, body, options)
    } finally {
      open = undefined
    }
  }
  const inTransaction = async <T>(
    own: { readonly isLost: boolean },
    ...[body, options]: Parameters<typeof transaction<T>>
  ): Promise<T> => {
    for (const each of beginStatements(engine, options?.isolation)) await send(each)
    let result: T
    try {
      result = await body(tx)
    } catch (thrown) {
      if (!own.isLost) await send(rollback)
      throw thrown
    }
    const ending = saysNothingWasDone(result) ? rollback : commit
    if (ending === commit || !own.isLost) await send(ending)
    return result
  }
  let second: Session | undefined

  return {
    sql,
    sleep,
    transaction,
    attempts,
    engine,
    process,
    client: setting.client,
    note: (text) => setting.note?.(text),
    requestId,
    get second() {
      if (connection + 1 < setting.connections) return (second ??= onConnection(1, gate, setting))
      throw new StrategyFault(
        'A session has a second connection if its strategy says "connections: 2".',
      )
    },
  }
}

function undefinedParameter(parts: TemplateStringsArray, index: number): StrategyFault {
  const before = (parts[index] ?? '').replaceAll(/\s+/g, ' ').trim()
  return new StrategyFault(
    `The parameter after "${before}" is undefined: perhaps a column or a property is misspelt. NULL is written null.`,
  )
}

function saysNothingWasDone(result: unknown): boolean {
  return isReply(result) && (result.kind === 'rejected' || result.kind === 'aborted')
}
