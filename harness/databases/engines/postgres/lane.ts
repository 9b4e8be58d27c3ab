import { isDeepStrictEqual } from 'node:util'
import type pg from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseFault, Fault } from '../../../errors.ts'
import {
  forEngine,
  type Engine,
  type LaneOptions,
  type LockWaitSample,
  type Rows,
  type Table,
  type Wait,
} from '../../engine.ts'
import type { IsolationLevel } from '../../isolation.ts'
import type { DatabaseServer } from '../../server.ts'
import {
  BaseLane,
  controlTimeoutMs,
  goneLimitMs,
  gonePollMs,
  hasRows,
  stuck,
  type LaneFacts,
} from '../base-lane.ts'
import { newDatabaseName } from '../database-name.ts'
import type { WireConnection } from '../../proxy/connection.ts'
import type { Door, Upstream } from '../../proxy/door.ts'
import type { Reception } from '../../proxy/session.ts'
import { postgresWire } from '../../proxy/postgres/index.ts'
import { fingerprintOf, namesOf, readAdded, readBringingBack, type AddedThing } from './added.ts'
import { addressOf, connect, sessionSettings, withDatabase } from './client.ts'
import { createDatabase, dropDatabase } from './database.ts'
import { bringingBack, identifier, observeSql, observedRows, resetSql } from './dialect.ts'
import { classify } from './errors.ts'
import { Schema, schemasSql } from './schema.ts'
import { PostgresSession, type LaneSession } from './session.ts'
import { PostgresStops } from './stops.ts'
import { PostgresWireSession } from './wire-session.ts'
import { readWaits } from './waits.ts'

/**
 * Deleted rows leave entries behind in tables and indexes until they are vacuumed; autovacuum would
 * do it at a moment of its own choosing, and take locks. It is done before tables have grown to the
 * size from which on the planner prefers an index: the plan decides what is locked at serializable,
 * so that the same plan of a run would go another way.
 */
const resetsPerVacuum = 100
/**
 * The first one comes early. Of a table that was empty at the last one, the planner takes every page
 * for full, and prefers an index as soon as there is a second page.
 */
const resetsBeforeVacuum = 10

/** As an application's sessions have it: see `sessionSettings` for what it is otherwise. */
const loadSetting = 'SET plan_cache_mode = auto'

/** The last ones are kept for administrators, even where Lockstep is one. */
const freeConnectionsSql = `
  SELECT (current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int
    - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'))::int AS free`

const terminateSql = 'SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid'
const leftSql = 'SELECT FROM pg_stat_activity WHERE pid = ANY ($1::int[])'

/** PostgreSQL adds up no times. Waits of every kind of lock: rows, advisory ones, tables. */
const waitingSql = {
  name: 'waiting',
  text: `SELECT count(*)::int AS waiting FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`,
}

/**
 * All that a strategy before may have brought; what is in a schema goes with it. Those of extensions go with
 * them, and those of others are not for us to drop.
 */
const dropSql = `
  DO $$
  DECLARE dropped text;
  BEGIN
    FOR dropped IN SELECT nspname FROM pg_namespace n WHERE oid IN ${schemasSql}
      AND (nspname = 'public' OR pg_has_role(nspowner, 'USAGE')) AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_namespace'::regclass AND objid = n.oid AND deptype = 'e')
    LOOP
      EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', dropped);
    END LOOP;
  END $$`

const isAmong = (things: readonly AddedThing[], wanted: string): boolean =>
  things.some(({ name }) => name === wanted)

export class PostgresLane extends BaseLane<LaneSession> {
  protected readonly server: DatabaseServer
  #control: pg.Client
  #controlPid: number
  /** Asks about waits, and nothing else: an actor's lock may keep the other one waiting. */
  #watcher: pg.Client
  /** Keeps statements where they have stopped, if they are to. */
  #keeper: pg.Client | undefined
  #tables: readonly Table[] = []
  /** What a strategy's schema has added, an application, or commands. */
  #added: readonly AddedThing[] = []
  #bringingBack = bringingBack([])
  /** Names of all that was there when the tables were last looked at. */
  #seen: ReadonlySet<string> = new Set()
  readonly #schema = new Schema()
  #preparations = 0
  #observe = { name: 'observe0', text: 'SELECT' }
  /** Since the tables were made. */
  #resets = 0
  #lastReset: { readonly rows: Rows; readonly text: string } | undefined

  private constructor(
    facts: LaneFacts,
    server: DatabaseServer,
    { control, controlPid, watcher }: OwnClients,
  ) {
    super(facts)
    this.server = server
    this.#control = control
    this.#controlPid = controlPid
    this.#watcher = watcher
  }

  static async open(
    engine: Engine,
    server: DatabaseServer,
    { isolation }: LaneOptions,
  ): Promise<PostgresLane> {
    const database = newDatabaseName()
    await createDatabase(server, database)
    try {
      return await PostgresLane.#openIn(engine, server, database, isolation)
    } catch (error) {
      await dropDatabase(server, database).catch(() => undefined)
      throw error
    }
  }

  static async #openIn(
    engine: Engine,
    server: DatabaseServer,
    database: string,
    isolation: IsolationLevel,
  ): Promise<PostgresLane> {
    const own = await connectOwn(server, database)
    const { version } = own
    const facts = { engine, version, provider: server.provider, database, isolation }
    return new PostgresLane(facts, server, own)
  }

  protected async connectAnew(): Promise<void> {
    const own = await connectOwn(this.server, this.database)
    this.#control = own.control
    this.#controlPid = own.controlPid
    this.#watcher = own.watcher
    this.#keeper = undefined
  }

  async prepare(tables: readonly Table[], changes: readonly string[]): Promise<void> {
    await this.forgetTables()
    this.#tables = tables
    this.#lastReset = undefined
    this.#preparations += 1
    this.#observe = { name: `observe${this.#preparations}`, text: observeSql(tables) }
    const creation = tables.flatMap((table) => forEngine('postgres', table.create))
    await this.#ask([dropSql, 'CREATE SCHEMA public', ...creation, ...changes])
    const added = await this.#try(() => readAdded(this.#control, tables))
    await this.#bringBack(added, added)
    for (const table of namesOf('table', added)) await this.#refuseRowsIn(table)
    this.#resets = 0
    await this.#vacuum()
  }

  protected async openStops(): Promise<PostgresStops> {
    this.#keeper ??= await connectTo(this.server, this.database)
    const pid = await this.#try(() => pidOf(this.#keeper as pg.Client))
    const stops = new PostgresStops(this.#keeper, pid, (ask) => this.#try(ask))
    await stops.install(this.#control, this.#controlPid)
    return stops
  }

  /** With a table that is left alone goes the sequence that may have numbered its rows. */
  protected async findTables(filled: 'left alone' | 'emptied'): Promise<void> {
    const all = await this.#try(() => readAdded(this.#control, this.#tables))
    const begins = async ({ kind, name, isBegun }: AddedThing): Promise<boolean> => {
      if (filled === 'emptied' || kind === 'materialized view') return true
      return !(kind === 'table' ? await this.#hasRows(name) : isBegun)
    }
    const found: AddedThing[] = []
    for (const each of all) if (!this.#seen.has(each.name) && (await begins(each))) found.push(each)
    await this.#bringBack([...this.#leftOf(all, filled), ...found], all)
  }

  /** When an application has started, its views are as it wants them, and not as they were before. */
  #leftOf(all: readonly AddedThing[], filled: 'left alone' | 'emptied'): readonly AddedThing[] {
    if (filled === 'emptied') return this.#added.filter(({ name }) => isAmong(all, name))
    return all.filter(({ name }) => isAmong(this.#added, name))
  }

  /** @param all that there is now, with what is left alone */
  async #bringBack(added: readonly AddedThing[], all: readonly AddedThing[]): Promise<void> {
    await this.#try(() => this.#schema.read(this.#control))
    const next = await this.#try(() => readBringingBack(this.#control, this.#tables, added))
    if (!isDeepStrictEqual(next, this.#bringingBack)) this.#lastReset = undefined
    this.#bringingBack = next
    this.#added = added
    this.#seen = new Set(all.map(({ name }) => name))
  }

  protected async fingerprints(): Promise<ReadonlyMap<string, string>> {
    const all = await this.#try(() => readAdded(this.#control, this.#tables))
    const added = namesOf('table', this.#added)
    const prints = new Map<string, string>()
    for (const table of namesOf('table', all).filter((name) => !added.includes(name))) {
      prints.set(table, await this.#try(() => fingerprintOf(this.#control, table)))
    }
    return prints
  }

  /** All tables, the workload's and those that are added, as they stand in statements. */
  get #allTables(): readonly string[] {
    return [...this.#tables.map(({ name }) => identifier(name)), ...namesOf('table', this.#added)]
  }

  async #refuseRowsIn(table: string): Promise<void> {
    if (await this.#hasRows(table)) throw hasRows(table)
  }

  async #hasRows(table: string): Promise<boolean> {
    const { rowCount } = await this.#try(() => this.#control.query(`SELECT FROM ${table} LIMIT 1`))
    return Boolean(rowCount)
  }

  protected async runReset(rows: Rows): Promise<void> {
    const dirty = this.opened.filter((session) => session.dirty && !session.isLost)
    // Without a reason to wait, the statements are on their way before this function returns.
    if (dirty.length > 0) {
      await this.#try(() => Promise.all(dirty.map((session) => session.clean())))
    }
    this.#resets += 1
    await this.#ask([this.#resetText(rows)])
    const isDue = this.#resets === resetsBeforeVacuum || this.#resets % resetsPerVacuum === 0
    if (isDue) await this.#vacuum()
  }

  /** The same rows are often brought back many times in a row. */
  #resetText(rows: Rows): string {
    if (this.#lastReset?.rows !== rows) {
      this.#lastReset = { rows, text: resetSql(this.#tables, rows, this.#bringingBack) }
    }
    return this.#lastReset.text
  }

  async observe(): Promise<Rows> {
    const answer = await this.#try(() => this.#control.query(this.#observe))
    return observedRows(this.#tables, answer.rows[0])
  }

  async isObservationBlocked(): Promise<boolean> {
    const text = 'SELECT cardinality(pg_blocking_pids($1)) > 0 AS blocked'
    const values = [this.#controlPid]
    const answer = await this.#try(() => this.#watcher.query<{ blocked: boolean }>(text, values))
    return answer.rows[0]?.blocked ?? false
  }

  async waits(sessions: readonly LaneSession[]): Promise<readonly Wait[]> {
    const pids = sessions.map(({ id }) => id)
    const edges = await this.#try(() => readWaits(this.#watcher, pids))
    const waiters = new Set(edges.map(({ waiter }) => waiter))
    for (const session of sessions) if (waiters.has(session.id)) session.isSeenWaiting()
    return this.toWaits(sessions, edges)
  }

  protected async endSessions(): Promise<void> {
    const pids = this.opened.map(({ id }) => id)
    try {
      if (pids.length === 0) return
      await this.#try(() => this.#watcher.query(terminateSql, [pids]))
      await this.untilGone(pids)
    } finally {
      await this.closeSessions()
    }
  }

  /**
   * A terminated session keeps its locks until it has undone its transaction. The server itself would wait
   * for one after the other, and a tenth of a second for each.
   */
  protected async untilGone(pids: readonly number[]): Promise<void> {
    const deadline = performance.now() + goneLimitMs
    for (;;) {
      const answer = await this.#try(() => this.#watcher.query(leftSql, [pids]))
      if (answer.rowCount === 0) return
      if (performance.now() > deadline) {
        throw new DatabaseFault('PostgreSQL did not end the sessions of a run.')
      }
      await sleep(gonePollMs)
    }
  }

  protected async terminate({ id }: LaneSession): Promise<void> {
    await this.#try(() => this.#watcher.query(terminateSql, [[id]]))
  }

  async cancel({ id }: LaneSession): Promise<void> {
    await this.#try(() => this.#watcher.query('SELECT pg_cancel_backend($1)', [id]))
  }

  /** Nothing: what a run leaves in tables is deleted whoever wrote it. */
  protected inherit(): void {}

  async freeConnections(): Promise<number> {
    const answer = await this.#try(() => this.#control.query<{ free: number }>(freeConnectionsSql))
    return answer.rows[0]?.free ?? 0
  }

  async readyForLoad(): Promise<void> {
    for (const name of this.#allTables) await this.#ask([`VACUUM (ANALYZE) ${name}`])
    await Promise.all(this.opened.map((session) => session.tell(loadSetting)))
  }

  countedLockWaitMs(): Promise<number> {
    return Promise.resolve(0)
  }

  async sampleLockWaits(): Promise<LockWaitSample> {
    const answer = await this.#try(() => this.#watcher.query<{ waiting: number }>(waitingSql))
    return { waiting: answer.rows[0]?.waiting ?? 0, isShared: false }
  }

  async close(): Promise<void> {
    await this.dismissGuests()
    await this.closeSessions()
    for (const client of [this.#control, this.#watcher, this.#keeper]) {
      await client?.end().catch(() => undefined)
    }
    await dropDatabase(this.server, this.database)
  }

  protected async openSession(): Promise<PostgresSession> {
    const url = withDatabase(this.server.url, this.database)
    const client = await connect(url, sessionSettings(this.isolation))
    return new PostgresSession(client, await pidOf(client), this.#schema)
  }

  protected get upstream(): Upstream {
    const { server, database } = this
    return {
      protocol: postgresWire,
      get address() {
        return addressOf(server.url)
      },
      url: withDatabase(server.url, database),
    }
  }

  /** What applications' sessions begin with, unless they say otherwise, and go back to. */
  override async openDoor(reception: Reception): Promise<Door> {
    const settings = Object.entries(sessionSettings(this.isolation))
    await this.#ask(
      settings.map(([name, value]) => `ALTER DATABASE ${this.database} SET ${name} = '${value}'`),
    )
    return super.openDoor(reception)
  }

  protected admit(connection: WireConnection, id: number): Promise<PostgresWireSession> {
    return Promise.resolve(new PostgresWireSession(connection, id, this.#schema))
  }

  /** Keeps empty pages: see `resetsBeforeVacuum`. */
  async #vacuum(): Promise<void> {
    for (const name of this.#allTables) await this.#ask([`VACUUM (TRUNCATE false) ${name}`])
  }

  async #ask(statements: readonly string[]): Promise<void> {
    await this.#try(() => this.#control.query(statements.join(';')))
  }

  async #try<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof Fault) throw error
      const { errorClass, message } = classify(error as Error)
      if (message === 'Query read timeout') throw stuck('PostgreSQL')
      throw new DatabaseFault(
        errorClass === 'connection lost'
          ? `The connection to PostgreSQL was lost: ${message}.`
          : `PostgreSQL did not do what Lockstep asked of it: ${message}.`,
      )
    }
  }
}

/** Lockstep's own connections to a lane's database. */
interface OwnClients {
  /** The server's. */
  readonly version: string
  readonly control: pg.Client
  readonly controlPid: number
  readonly watcher: pg.Client
}

async function connectOwn(server: DatabaseServer, database: string): Promise<OwnClients> {
  const control = await connectTo(server, database)
  try {
    const answer = await control.query<{ version: string }>(
      "SELECT split_part(current_setting('server_version'), ' ', 1) AS version",
    )
    const version = answer.rows[0]?.version ?? 'unknown'
    const controlPid = await pidOf(control)
    return { version, control, controlPid, watcher: await connectTo(server, database) }
  } catch (error) {
    await control.end().catch(() => undefined)
    throw error
  }
}

const connectTo = (server: DatabaseServer, database: string): Promise<pg.Client> =>
  connect(withDatabase(server.url, database), {}, controlTimeoutMs)

async function pidOf(client: pg.Client): Promise<number> {
  const answer = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const pid = answer.rows[0]?.pid
  if (pid === undefined) throw new DatabaseFault('PostgreSQL does not name its own process.')
  return pid
}
