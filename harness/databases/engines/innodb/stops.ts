import type mysql from 'mysql2'
import { DatabaseFault } from '../../../errors.ts'
import type { Stops } from '../base-lane.ts'
import { ask, askPrepared, type SessionNumbers } from './client.ts'
import { identifier } from './dialect.ts'
import type { LaneSession } from './session.ts'

/**
 * The user-level lock that a session takes before its first row. Such names are the whole server's,
 * and so are the numbers of connections.
 */
const lockPrefix = 'lockstep.stop.'
const lockOf = (connectionId: number | string): string => `CONCAT('${lockPrefix}', ${connectionId})`

/** A wait ends by the clock, which no schedule controls: a year is longer than any run. */
const foreverS = 365 * 24 * 3600
/** Nobody has the lock when it is to be held: its session has no statement under way. */
const holdS = 5

const events = ['INSERT', 'UPDATE', 'DELETE'] as const

/**
 * A row trigger that takes the session's lock and returns it at once. Of several for one event, the one
 * that was made last comes last: what others read has been read by then.
 * Source: MySQL manual, 27.4.1 "Trigger Syntax and Examples", and 14.14 "Locking Functions".
 *
 * @param except connection that fills the tables, which never stops
 */
function triggerSql(table: string, index: number, event: string, except: number): string {
  const name = identifier(`lockstep_stop_${index}_${event.toLowerCase()}`)
  const lock = lockOf('CONNECTION_ID()')
  return `
    DROP TRIGGER IF EXISTS ${name};
    CREATE TRIGGER ${name} BEFORE ${event} ON ${identifier(table)} FOR EACH ROW
    IF CONNECTION_ID() <> ${except} THEN
      DO GET_LOCK(${lock}, ${foreverS});
      DO RELEASE_LOCK(${lock});
    END IF`
}

const tablesSql = `
  SELECT TABLE_NAME AS name FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')`

/** Source: MySQL manual, 29.12.13.3 "The metadata_locks Table", which has user-level locks as well. */
const stoppedSql = `
  SELECT OBJECT_NAME AS name FROM performance_schema.metadata_locks
  WHERE OBJECT_TYPE = 'USER LEVEL LOCK' AND LOCK_STATUS = 'PENDING'
    AND OBJECT_NAME LIKE '${lockPrefix}%'`

/** Stops statements by triggers and user-level locks, which a connection of its own holds. */
export class InnodbStops implements Stops<LaneSession> {
  /** Of the connection that holds the locks. */
  readonly numbers: SessionNumbers
  readonly #connection: mysql.Connection
  readonly #try: <T>(question: () => Promise<T>) => Promise<T>
  readonly #held = new Map<LaneSession, Promise<void>>()

  /**
   * @param connection the connection that holds the locks
   * @param attempt turns what the driver rejects with into a fault
   */
  constructor(
    connection: mysql.Connection,
    numbers: SessionNumbers,
    attempt: <T>(question: () => Promise<T>) => Promise<T>,
  ) {
    this.#connection = connection
    this.numbers = numbers
    this.#try = attempt
  }

  get keeper(): number {
    return this.numbers.id
  }

  /** Adds the triggers to every table of the database. */
  async install(control: mysql.Connection, controlId: number): Promise<void> {
    const tables = await this.#try(() => ask<{ name: string }[]>(control, tablesSql))
    for (const [index, { name }] of tables.entries()) {
      for (const event of events) {
        await this.#try(() => ask(control, triggerSql(name, index, event, controlId)))
      }
    }
  }

  hold(session: LaneSession): Promise<void> {
    const held = this.#held.get(session)
    if (held) return held
    const holding = this.#hold(session)
    holding.catch(() => {}) // whoever sends the next statement hears of it
    this.#held.set(session, holding)
    return holding
  }

  async #hold({ id }: LaneSession): Promise<void> {
    const text = `SELECT GET_LOCK(${lockOf(id)}, ${holdS}) AS held`
    const [row] = await this.#try(() => ask<{ held: number | null }[]>(this.#connection, text))
    if (row?.held === 1) return
    throw new DatabaseFault(`The lock that stops session ${id} is held by somebody else.`)
  }

  async release(session: LaneSession): Promise<void> {
    this.#held.delete(session)
    await this.#try(() => ask(this.#connection, `DO RELEASE_LOCK(${lockOf(session.id)})`))
  }

  isHeld(session: LaneSession): boolean {
    return this.#held.has(session)
  }

  /** The connections whose statements have stopped, as the server says at this moment. */
  async readStopped(watcher: mysql.Connection): Promise<ReadonlySet<number>> {
    const rows = await askPrepared<{ name: string }[]>(watcher, stoppedSql)
    return new Set(rows.map(({ name }) => Number(name.slice(lockPrefix.length))))
  }

  async forget(): Promise<void> {
    this.#held.clear()
    await this.#try(() => ask(this.#connection, 'DO RELEASE_ALL_LOCKS()'))
  }
}
