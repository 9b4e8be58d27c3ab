import type pg from 'pg'
import { DatabaseFault } from '../../../errors.ts'
import type { DatabaseServer } from '../../server.ts'
import { controlTimeoutMs } from '../base-lane.ts'
import { newDatabaseName } from '../database-name.ts'
import { connect, withDatabase } from './client.ts'
import { createDatabase, dropDatabase, onServer } from './database.ts'
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
 * snapshots and of injection points, as far as one of the given sessions is in the way. By whom is only of
 * interest where several wait.
 */
const waitsSql = `
  SELECT pid,
    pg_isolation_test_session_is_blocked(pid, $1) AS "isBlocked",
    CASE WHEN cardinality($2::int[]) > 1 THEN pg_blocking_pids(pid) ELSE '{}' END AS blockers
  FROM unnest($2::int[]) AS pid`

/** Source: PostgreSQL, src/include/access/transam.h, FirstNormalObjectId. */
const emptySql = `SELECT NOT EXISTS (${['class', 'proc', 'type', 'namespace']
  .map((catalog) => `SELECT FROM pg_${catalog} WHERE oid >= 16384`)
  .join(' UNION ALL ')}) AS empty`

/** What a set of connections is opened with. */
interface Setting {
  readonly url: string
  /** Of the specification. */
  readonly name: string
  readonly sessions: readonly string[]
}

/**
 * The connections that a specification asks for, one for each session and one for setup and teardown,
 * and one that asks about waits; all in a database of their own.
 */
export class SpecConnections {
  readonly control: SpecConnection
  readonly sessions: readonly SpecConnection[]
  readonly #setting: Setting
  readonly #watcher: pg.Client
  /** Those that share the database, in schemas of their own. */
  readonly #others: SpecConnections[] = []
  #schemas = 0
  readonly #drop: () => Promise<void>

  private constructor(
    setting: Setting,
    watcher: pg.Client,
    [control, ...sessions]: readonly [SpecConnection, ...SpecConnection[]],
    drop: () => Promise<void>,
  ) {
    this.#setting = setting
    this.#watcher = watcher
    this.control = control
    this.sessions = sessions
    this.#drop = drop
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
    const drop = (): Promise<void> => dropDatabase(server, database)
    await createSpecDatabase(server, database)
    try {
      const setting = { url: withDatabase(server.url, database), name, sessions }
      const watcher = await connect(setting.url, {}, controlTimeoutMs)
      return new SpecConnections(setting, watcher, await connectAll(setting, {}), drop)
    } catch (error) {
      await drop().catch(() => undefined)
      throw error
    }
  }

  /**
   * As many connections again, in the same database. Tables that are made by them are theirs alone. They
   * are closed with these.
   */
  async another(): Promise<SpecConnections> {
    this.#schemas += 1
    const schema = `lane${this.#schemas}`
    await this.#watcher.query(`CREATE SCHEMA ${schema}`)
    const connections = await connectAll(this.#setting, { search_path: schema })
    const other = new SpecConnections(this.#setting, this.#watcher, connections, keepDatabase)
    this.#others.push(other)
    return other
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
    try {
      await this.#drop()
    } finally {
      await this.#disconnect()
    }
  }

  async #disconnect(): Promise<void> {
    const connections = [this, ...this.#others].flatMap(({ control, sessions }) => [
      control,
      ...sessions,
    ])
    await Promise.all(connections.map((connection) => connection.close()))
    await this.#watcher.end().catch(() => undefined)
  }
}

const keepDatabase = (): Promise<void> => Promise.resolve()

async function connectAll(
  { url, name, sessions }: Setting,
  settings: Readonly<Record<string, string>>,
): Promise<readonly [SpecConnection, ...SpecConnection[]]> {
  const open = (session: string): Promise<SpecConnection> =>
    SpecConnection.open(url, `isolation/${name}/${session}`, { ...sessionSettings, ...settings })
  return Promise.all([open('control connection'), ...sessions.map(open)])
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
  await createSpecDatabase(server, database)
  try {
    return await use(withDatabase(server.url, database))
  } finally {
    await dropDatabase(server, database)
  }
}

async function createSpecDatabase(server: DatabaseServer, database: string): Promise<void> {
  await createDatabase(server, database)
  const settings = Object.entries(databaseSettings).map(
    ([name, value]) => `ALTER DATABASE ${database} SET ${name} = '${value}'`,
  )
  await onServer(server, settings).catch(() => undefined) // no superuser: as the server has them
}
