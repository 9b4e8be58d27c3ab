import type pg from 'pg'
import type { Stops } from '../base-lane.ts'
import { ofExtension } from './added.ts'
import { closerTimeoutMs } from './client.ts'
import { schemasSql } from './schema.ts'
import type { LaneSession } from './session.ts'

/**
 * Advisory locks of two numbers, the second of which is a session's process: the one that it takes
 * before its first row, and one that is held when it has to be the victim of a cycle. Whatever locks a
 * strategy takes, it will hardly have picked these.
 */
const stopLock = 1_819_504_756
const closerLock = stopLock + 1

/** What the server says when a statement has stopped: a class of SQLSTATE that nobody else uses. */
export const stoppedCode = 'LS001'

/** PostgreSQL fires triggers in the order of their names: what others read has been read by then. */
const triggerName = '"~lockstep"'

/**
 * A row trigger that takes the session's lock, shared, and returns it at once. Where the lock is held,
 * it says so, which reaches the client at once whatever `client_min_messages` is, and waits. It takes
 * no notice of `lock_timeout`, which is meant for other locks. A strategy that closes a cycle with what
 * is left of its statement can be told so only here.
 * Source: PostgreSQL manual, 39.1 "Overview of Trigger Behavior", 43.9 "Errors and Messages" and
 * 9.28.10 "Advisory Lock Functions".
 */
const functionSql = `
  CREATE OR REPLACE FUNCTION lockstep_stop() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
  BEGIN
    IF NOT pg_try_advisory_lock_shared(${stopLock}, pg_backend_pid()) THEN
      RAISE INFO USING ERRCODE = '${stoppedCode}', MESSAGE = 'stopped by Lockstep';
      PERFORM pg_advisory_lock_shared(${stopLock}, pg_backend_pid());
      IF pg_try_advisory_lock_shared(${closerLock}, pg_backend_pid()) THEN
        PERFORM pg_advisory_unlock_shared(${closerLock}, pg_backend_pid());
      ELSE
        PERFORM set_config('deadlock_timeout', '${closerTimeoutMs}ms', true);
      END IF;
    END IF;
    PERFORM pg_advisory_unlock_shared(${stopLock}, pg_backend_pid());
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
  END $$`

/** Every table that holds rows; of one that is partitioned, the parts. */
const tablesSql = `
  SELECT oid::regclass::text AS name FROM pg_class
  WHERE relkind = 'r' AND relnamespace IN ${schemasSql} AND NOT ${ofExtension('pg_class.oid')}`

/** @param except process of the session that fills the tables, which never stops */
const triggerSql = (table: string, except: number): string => `
  DROP TRIGGER IF EXISTS ${triggerName} ON ${table};
  CREATE TRIGGER ${triggerName} BEFORE INSERT OR UPDATE OR DELETE ON ${table}
  FOR EACH ROW WHEN (pg_backend_pid() <> ${except}) EXECUTE FUNCTION lockstep_stop()`

/** What the locks' holder sends: prepared, with the session's process as the parameter. */
const queries = {
  hold: { name: 'hold', text: `SELECT pg_advisory_lock(${stopLock}, $1)` },
  release: { name: 'release', text: `SELECT pg_advisory_unlock(${stopLock}, $1)` },
  releaseAsCloser: {
    name: 'release as closer',
    text: `SELECT pg_advisory_lock(${closerLock}, $1), pg_advisory_unlock(${stopLock}, $1)`,
  },
  holdAgain: {
    name: 'hold again',
    text: `SELECT pg_advisory_lock(${stopLock}, $1), pg_advisory_unlock(${closerLock}, $1)`,
  },
} as const satisfies Readonly<Record<string, pg.QueryConfig>>

/** Stops statements by triggers and advisory locks, which a connection of its own holds. */
export class PostgresStops implements Stops<LaneSession> {
  readonly keeper: number
  readonly #client: pg.Client
  readonly #try: <T>(ask: () => Promise<T>) => Promise<T>
  readonly #held = new Map<LaneSession, Promise<void>>()
  /** Those whose `closerLock` is held. */
  readonly #closers = new Set<LaneSession>()

  /**
   * @param client the connection that holds the locks
   * @param attempt turns what the driver rejects with into a fault
   */
  constructor(
    client: pg.Client,
    keeper: number,
    attempt: <T>(ask: () => Promise<T>) => Promise<T>,
  ) {
    this.#client = client
    this.keeper = keeper
    this.#try = attempt
  }

  /** Adds the triggers to every table of the database. */
  async install(control: pg.Client, controlPid: number): Promise<void> {
    await this.#try(async () => {
      const { rows } = await control.query<{ name: string }>(tablesSql)
      const triggers = rows.map(({ name }) => triggerSql(name, controlPid))
      await control.query([functionSql, ...triggers].join(';'))
    })
  }

  hold(session: LaneSession): Promise<void> {
    const held = this.#held.get(session)
    if (held) return held
    const holding = this.#call(
      this.#closers.delete(session) ? queries.holdAgain : queries.hold,
      session,
    )
    holding.catch(() => {}) // whoever sends the next statement hears of it
    this.#held.set(session, holding)
    return holding
  }

  async release(session: LaneSession, queue: readonly LaneSession[]): Promise<void> {
    const mayClose = await session.goesOn(queue)
    if (mayClose) this.#closers.add(session)
    this.#held.delete(session)
    await this.#call(mayClose ? queries.releaseAsCloser : queries.release, session)
  }

  isHeld(session: LaneSession): boolean {
    return this.#held.has(session)
  }

  async forget(): Promise<void> {
    this.#held.clear()
    this.#closers.clear()
    await this.#try(() => this.#client.query('SELECT pg_advisory_unlock_all()'))
  }

  async #call(query: pg.QueryConfig, { id }: LaneSession): Promise<void> {
    await this.#try(() => this.#client.query({ ...query, values: [id] }))
  }
}
