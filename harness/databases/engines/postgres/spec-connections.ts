import type pg from 'pg'
import { DatabaseFault } from '../../../errors.ts'
import type { DatabaseServer } from '../../server.ts'
import { controlTimeoutMs } from '../base-lane.ts'
import { newDatabaseName } from '../database-name.ts'
import { connect, withDatabase } from './client.ts'
import { SpecConnection } from './spec-connection.ts'

/**
 * What PostgreSQL's own regression tests run with, so that the texts of dates and the like are those
 * of its expected files.
 * Source: PostgreSQL, src/test/regress/pg_regress.c, `initialize_environment`.
 */
const sessionSettings = {
  TimeZone: 'America/Los_Angeles',
  DateStyle: 'Postgres, MDY',
  IntervalStyle: 'postgres_verbose',
}

/** As PostgreSQL itself is set by default, and in English; only a superuser may say so. */
const databaseSettings = { deadlock_timeout: '1s', lc_messages: 'C' }

/** Whether a session waits for one of the others, and for whom. */
export interface SpecWait {
  readonly pid: number
  readonly isBlocked: boolean
  readonly blockers: readonly number[]
}

/**
 * The first function is the one that PostgreSQL's isolation tester asks. It knows of locks, of safe
 * snapshots and of injection points, as far as one of the given sessions is in the way.
 */
const waitsSql =
  'SELECT pid, pg_isolation_test_session_is_blocked(pid, $1) AS "isBlocked", pg_blocking_pids(pid) AS blockers FROM unnest($2::int[]) AS pid'

/** Source: PostgreSQL, src/include/access/transam.h, FirstNormalObjectId. */
const emptySql = `SELECT NOT EXISTS (${['class', 'proc', 'type', 'namespace']
  .map((catalog) => `SELECT FROM pg_${catalog} WHERE oid >= 16384`)
  .join(' UNION ALL ')}) AS empty`

/**
 * A database of its own with the connections that a specification asks for: one for each session, one
 * for setup and teardown, and one that asks about waits.
 */
export class SpecConnections {
  readonly database: string
  readonly control: SpecConnection
  readonly sessions: readonly SpecConnection[]
  readonly #server: DatabaseServer
  readonly #watcher: pg.Client

  private constructor(
    server: DatabaseServer,
    database: string,
    watcher: pg.Client,
    [control, ...sessions]: readonly [SpecConnection, ...SpecConnection[]],
  ) {
    this.#server = server
    this.database = database
    this.#watcher = watcher
    this.control = control
    this.sessions = sessions
    watcher.on('error', () => {}) // the next question reports it
  }

  /**
   * @param name of the specification: sessions are called after it in `application_name`, as by
   *   PostgreSQL's own test driver.
   */
  static async open(
    server: DatabaseServer,
    name: string,
    sessions: readonly string[],
  ): Promise<SpecConnections> {
    const database = newDatabaseName()
    await createDatabase(server, database)
    const url = withDatabase(server.url, database)
    const opened: SpecConnection[] = []
    try {
      for (const session of ['control connection', ...sessions]) {
        opened.push(await SpecConnection.open(url, `isolation/${name}/${session}`, sessionSettings))
      }
      const watcher = await connect(url, {}, controlTimeoutMs)
      const connections = opened as [SpecConnection, ...SpecConnection[]]
      return new SpecConnections(server, database, watcher, connections)
    } catch (error) {
      await Promise.all(opened.map((connection) => connection.close()))
      await onServer(server, [dropSql(database)]).catch(() => undefined)
      throw error
    }
  }

  /** Which of the given sessions wait for one of all sessions at this moment. */
  async waits(asked: readonly SpecConnection[]): Promise<readonly SpecWait[]> {
    const all = this.sessions.map(({ pid }) => pid)
    try {
      const { rows } = await this.#watcher.query<SpecWait>({
        name: 'waits',
        text: waitsSql,
        values: [all, asked.map(({ pid }) => pid)],
      })
      return rows
    } catch (error) {
      throw new DatabaseFault(
        `PostgreSQL does not say who waits for whom: ${(error as Error).message}.`,
      )
    }
  }

  /** Whether nobody has made anything in the database that is still there. */
  async isEmpty(): Promise<boolean> {
    const { rows } = await this.#watcher.query<{ empty: boolean }>(emptySql)
    return rows[0]?.empty ?? false
  }

  /** Asks the server to stop what a session is doing; the session then hears of an error. */
  async cancel({ pid }: SpecConnection): Promise<void> {
    await this.#watcher.query('SELECT pg_cancel_backend($1)', [pid])
  }

  async close(): Promise<void> {
    const connections = [this.control, ...this.sessions]
    // What still runs goes with its connection: nothing is waited for.
    await onServer(this.#server, [dropSql(this.database)])
    await Promise.all(connections.map((connection) => connection.close()))
    await this.#watcher.end().catch(() => undefined)
  }
}

/**
 * Lets somebody else use a database that is set as those of specifications are.
 *
 * @param use is given its URL
 */
export async function withSpecDatabase<T>(
  server: DatabaseServer,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const database = newDatabaseName()
  await createDatabase(server, database)
  try {
    return await use(withDatabase(server.url, database))
  } finally {
    await onServer(server, [dropSql(database)])
  }
}

const dropSql = (database: string): string => `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`

async function createDatabase(server: DatabaseServer, database: string): Promise<void> {
  await onServer(server, [`CREATE DATABASE ${database} TEMPLATE template0`])
  const settings = Object.entries(databaseSettings).map(
    ([name, value]) => `ALTER DATABASE ${database} SET ${name} = '${value}'`,
  )
  await onServer(server, settings).catch(() => undefined) // no superuser: as the server has them
}

async function onServer(server: DatabaseServer, statements: readonly string[]): Promise<void> {
  const admin = await connect(server.url, {}, controlTimeoutMs)
  let last = ''
  try {
    for (const statement of statements) await admin.query((last = statement))
  } catch (error) {
    throw new DatabaseFault(`PostgreSQL refused "${last}": ${(error as Error).message}.`)
  } finally {
    await admin.end().catch(() => undefined)
  }
}
