import { statement, type Row, type SqlValue, type Statement } from './databases/statement.ts'
import { isolationSql, type IsolationLevel } from './databases/isolation.ts'
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
}

/** What an actor asks of the scheduler: one statement, or the end of a sleep. */
export type Step =
  | { readonly kind: 'statement'; readonly statement: Statement }
  | { readonly kind: 'sleep'; readonly ms: number }

/**
 * Where an actor's steps go. Rejects with a `DatabaseError` when the database refused the step. What
 * nobody awaits is found out by the scheduler: a rejection that nobody hears of ends no process.
 */
export type Gate = (step: Step) => Promise<ResultRows<Row>>

const begin = statement(['BEGIN'])
const commit = statement(['COMMIT'])
const rollback = statement(['ROLLBACK'])

/** The session a strategy sees, on top of a gate. */
export function openSession(gate: Gate, attempts: number): Session {
  const send = (of: Statement) => gate({ kind: 'statement', statement: of })
  const sql = ((parts: TemplateStringsArray, ...params: SqlValue[]) =>
    send(statement(parts, params))) as Sql
  const sleep = async (ms: number): Promise<void> => {
    await gate({ kind: 'sleep', ms })
  }
  const tx: Transaction = { sql, sleep }

  const transaction: Session['transaction'] = async (body, options) => {
    await send(options?.isolation ? beginAt(options.isolation) : begin)
    let result: Awaited<ReturnType<typeof body>>
    try {
      result = await body(tx)
    } catch (thrown) {
      await send(rollback)
      throw thrown
    }
    await send(saysNothingWasDone(result) ? rollback : commit)
    return result
  }

  return { sql, sleep, transaction, attempts }
}

function beginAt(isolation: IsolationLevel): Statement {
  return statement([`BEGIN ISOLATION LEVEL ${isolationSql(isolation)}`])
}

function saysNothingWasDone(result: unknown): boolean {
  return isReply(result) && (result.kind === 'rejected' || result.kind === 'aborted')
}
