import type mysql from 'mysql2'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseFault } from '../../../errors.ts'
import {
  forEngine,
  type Engine,
  type LaneOptions,
  type LockWaitSample,
  type Rows,
  type Table,
  type Wait,
} from '../../engine.ts'
import { isolationSql } from '../../isolation.ts'
import type { DatabaseServer } from '../../server.ts'
import type { Row } from '../../statement.ts'
import {
  BaseLane,
  goneLimitMs,
  gonePollMs,
  hasRows,
  stuck,
  type LaneFacts,
  type WaitEdge,
} from '../base-lane.ts'
import type { WireConnection } from '../../proxy/connection.ts'
import type { Upstream } from '../../proxy/door.ts'
import { innodbWire } from '../../proxy/innodb/index.ts'
import { newDatabaseName } from '../database-name.ts'
import {
  addressOf,
  ask,
  askPrepared,
  connect,
  disconnect,
  identify,
  type SessionNumbers,
} from './client.ts'
import { identifier, observedRows, observeSql } from './dialect.ts'
import { classify, type ErrorClasses } from './errors.ts'
import { metadataLocksSql, metadataWaits, type MetadataLock } from './metadata-locks.ts'
import { toSessions, type ThreadWait } from './thread-waits.ts'
import { Restoration, type Added } from './restoration.ts'
import type { Writes } from './writes.ts'
import { InnodbSession, longLockWaits, type LaneSession, type SessionKind } from './session.ts'
import { InnodbStops } from './stops.ts'
import { InnodbWireSession } from './wire-session.ts'

/** What MySQL and MariaDB do each in their own way. */
export interface Variant extends SessionKind {
  /** Refuses servers that are not of this kind, or do not let Lockstep see what it has to see. */
  check(control: mysql.Connection, version: string): Promise<void>
  /** MariaDB's innodb_snapshot_isolation as it will be in force, or undefined where there is none. */
  snapshotIsolation(control: mysql.Connection, options: LaneOptions): Promise<boolean | undefined>
  /** Reads who waits for whom at this moment, for locks of InnoDB's own. */
  readLockWaits(
    watcher: mysql.Connection,
    sessions: readonly LaneSession[],
  ): Promise<readonly WaitEdge[]>
}

/** Ends the snapshot of the last runs and begins that of the next ones. See `InnodbLane`. */
const newSnapshot = 'COMMIT; START TRANSACTION WITH CONSISTENT SNAPSHOT'
/** The server keeps all that was changed since the snapshot, so it must not grow too old. */
const resetsPerSnapshot = 100

/** The last one is for literals, which the driver writes with backslashes. */
const controlSettings = `
  SET SESSION autocommit = 1, completion_type = 0, foreign_key_checks = 0,
    sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')`
const actorSettings = 'SET SESSION autocommit = 1, completion_type = 0'

/** As it is where nobody has said otherwise. */
const loadSetting = 'SET SESSION innodb_lock_wait_timeout = 50'

/** Source: MySQL manual, 7.1.10 "Server Status Variables". It counts rows, and not GET_LOCK. */
const rowLockTimeSql = "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_time'"
/** Who waits for a user lock here, and who does anything in another database. */
const processesSql = `
  SELECT COALESCE(SUM(DB = DATABASE() AND STATE = 'User lock'), 0) AS waiting,
    COALESCE(SUM(DB <> DATABASE() AND COMMAND <> 'Sleep'), 0) AS strangers
  FROM information_schema.PROCESSLIST`

const namesOf = (added: readonly Added[]): ReadonlySet<string> =>
  new Set(added.map(({ name }) => name))

export class InnodbLane extends BaseLane<LaneSession> {
  protected readonly server: DatabaseServer
  readonly #variant: Variant
  #control: mysql.Connection
  #controlNumbers: SessionNumbers
  /**
   * Asks about waits: an actor's lock may keep the other one waiting. It also keeps a snapshot open.
   * What a run deletes then stays in the indexes for the whole of it, and does not go at a moment of
   * the server's own choosing.
   */
  #watcher: mysql.Connection
  /** Keeps statements where they have stopped, if they are to. */
  #keeper: mysql.Connection | undefined
  #stops: InnodbStops | undefined
  #tables: readonly Table[] = []
  /** What a strategy's schema has added, an application, or commands. */
  #added: readonly Added[] = []
  /** Names of all that was there when the tables were last looked at. */
  #seen: ReadonlySet<string> = new Set()
  #restoration: Restoration | undefined
  /** What sessions have written since the last reset that were replaced. */
  readonly #inherited: Writes[] = []
  #resets = 0
  /** Questions about waits that left an answer open. */
  #unexplained = 0
  /** Who waited for a lock that is not InnoDB's, when that was last asked. */
  #otherWaiters: ReadonlySet<LaneSession> = new Set()

  private constructor(
    facts: LaneFacts,
    server: DatabaseServer,
    variant: Variant,
    { control, controlNumbers, watcher }: OwnConnections,
  ) {
    super(facts)
    this.server = server
    this.#variant = variant
    this.#control = control
    this.#controlNumbers = controlNumbers
    this.#watcher = watcher
  }

  static async open(
    engine: Engine,
    variant: Variant,
    server: DatabaseServer,
    options: LaneOptions,
  ): Promise<InnodbLane> {
    const { title } = engine
    const admin = await connect(title, server.url, { multipleStatements: true })
    try {
      const [row] = await asked(title, () =>
        ask<{ version: string }[]>(admin, 'SELECT VERSION() AS version'),
      )
      const full = row?.version ?? 'unknown'
      const version = /^[\d.]+/.exec(full)?.[0] ?? full
      await variant.check(admin, full)
      const snapshotIsolation = await variant.snapshotIsolation(admin, options)
      const database = newDatabaseName()
      await asked(title, () => ask(admin, `CREATE DATABASE ${database}`))
      const { provider } = server
      const { isolation } = options
      const facts = { engine, version, provider, database, isolation, snapshotIsolation }
      try {
        const own = await connectOwn(title, server, database)
        return new InnodbLane(facts, server, variant, own)
      } catch (error) {
        await ask(admin, `DROP DATABASE ${database}`).catch(() => undefined)
        throw error
      }
    } finally {
      await disconnect(admin)
    }
  }

  protected async connectAnew(): Promise<void> {
    const own = await connectOwn(this.engine.title, this.server, this.database)
    this.#control = own.control
    this.#controlNumbers = own.controlNumbers
    this.#watcher = own.watcher
    this.#keeper = undefined
    // What was committed may not be all there, if the server is set to promise less.
    this.#restoration?.forget()
    await this.#try(() => ask(this.#watcher, newSnapshot))
  }

  async prepare(tables: readonly Table[], changes: readonly string[]): Promise<void> {
    await this.forgetTables()
    this.#stops = undefined
    this.#tables = tables
    const creation = tables.flatMap(({ create }) => forEngine(this.engine.name, create))
    const own = identifier(this.database)
    await this.#ask(`DROP DATABASE ${own}; CREATE DATABASE ${own}; USE ${own}`)
    for (const text of [...creation, ...changes]) await this.#ask(text)
    this.#added = await this.#findAdded()
    this.#seen = namesOf(this.#added)
    for (const { name, isSequence } of this.#added) if (!isSequence) await this.#refuseRowsIn(name)
    await this.#learnTables()
  }

  async #learnTables(): Promise<void> {
    this.#restoration = await this.#try(() =>
      Restoration.of(this.#control, this.#tables, this.#added),
    )
  }

  protected async findTables(filled: 'left alone' | 'emptied'): Promise<void> {
    const all = await this.#findAdded()
    const found: Added[] = []
    for (const each of all) {
      if (this.#seen.has(each.name)) continue
      const begins = filled === 'emptied' || !(each.isSequence || (await this.#hasRows(each.name)))
      if (begins) found.push(each)
    }
    const left = this.#added.filter(({ name }) => all.some((each) => each.name === name))
    this.#seen = namesOf(all)
    if (filled === 'emptied' && found.length === 0 && left.length === this.#added.length) return
    this.#added = [...left, ...found]
    await this.#learnTables()
  }

  /** Source: MySQL manual, "CHECKSUM TABLE Statement". */
  protected async fingerprints(): Promise<ReadonlyMap<string, string>> {
    const isLeft = ({ name, isSequence }: Added): boolean =>
      !isSequence && !this.#added.some((each) => each.name === name)
    const prints = new Map<string, string>()
    for (const { name } of (await this.#findAdded()).filter(isLeft)) {
      const [row] = await this.#ask<{ Checksum: number | null }[]>(
        `CHECKSUM TABLE ${identifier(name)}`,
      )
      prints.set(name, row?.Checksum ? String(row.Checksum) : '') // 0 for none
    }
    return prints
  }

  /** After the tables have been looked at: these triggers change nothing. */
  protected async openStops(): Promise<InnodbStops> {
    const { title } = this.engine
    this.#keeper ??= await connect(title, this.server.url, { database: this.database })
    const keeper = this.#keeper
    const numbers = await this.#try(() => identify(keeper))
    const stops = new InnodbStops(keeper, numbers, (question) => this.#try(question))
    await stops.install(this.#control, this.#controlNumbers.id)
    this.#stops = stops
    return stops
  }

  /** What else there is to bring back between runs. */
  async #findAdded(): Promise<Added[]> {
    const known = new Set(this.#tables.map(({ name }) => name))
    const found = await this.#ask<{ name: string; type: string }[]>(
      `SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM information_schema.TABLES
       WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')`,
    )
    return found
      .filter(({ name }) => !known.has(name))
      .map(({ name, type }) => ({ name, isSequence: type === 'SEQUENCE' }))
  }

  async #refuseRowsIn(table: string): Promise<void> {
    if (await this.#hasRows(table)) throw hasRows(table)
  }

  async #hasRows(table: string): Promise<boolean> {
    const rows = await this.#ask<unknown[]>(`SELECT 1 FROM ${identifier(table)} LIMIT 1`)
    return rows.length > 0
  }

  protected async runReset(rows: Rows): Promise<void> {
    const unclean = this.opened.filter(({ isClean, isLost }) => !isClean && !isLost)
    if (unclean.length > 0) {
      await this.#try(() => Promise.all(unclean.map((session) => session.clean())))
    }
    this.#resets += 1
    const written = [...this.#inherited, ...this.opened.flatMap((each) => each.takeWrites())]
    this.#inherited.length = 0
    const text = this.#restoration?.statements(rows, written).join(';') ?? ''
    try {
      await this.#try(() =>
        Promise.all([
          text === '' ? undefined : ask(this.#control, text),
          this.#resets % resetsPerSnapshot === 1 ? ask(this.#watcher, newSnapshot) : undefined,
        ]),
      )
    } catch (error) {
      this.#restoration?.forget()
      throw error
    }
  }

  async observe(): Promise<Rows> {
    if (this.#tables.length === 0) return {}
    const answer = await this.#ask<readonly Row[] | readonly (readonly Row[])[]>(
      observeSql(this.#tables),
    )
    // One statement has one answer, and not a list of one.
    const answers = this.#tables.length === 1 ? [answer] : answer
    return observedRows(this.#tables, answers as readonly (readonly Row[])[])
  }

  async isObservationBlocked(): Promise<boolean> {
    const waits = await this.#try(() => this.#metadataWaits())
    return waits.some(({ waiter }) => waiter === this.#controlNumbers.threadId)
  }

  async waits(sessions: readonly LaneSession[]): Promise<readonly Wait[]> {
    const stopped = this.#stops ? await this.#stopped(this.#stops, sessions) : []
    const others = sessions.filter((each) => stopped.every(({ session }) => session !== each))
    return others.length === 0 ? stopped : [...stopped, ...(await this.#lockWaits(others))]
  }

  async #stopped(stops: InnodbStops, sessions: readonly LaneSession[]): Promise<Wait[]> {
    const stopped = await this.#try(() => stops.readStopped(this.#watcher))
    const edges = sessions
      .filter(({ id }) => stopped.has(id))
      .map(({ id }) => ({ waiter: id, blocker: stops.keeper }))
    return this.toWaits(sessions, edges).filter((wait) => wait.stopped)
  }

  async #lockWaits(sessions: readonly LaneSession[]): Promise<readonly Wait[]> {
    const locks = () => this.#variant.readLockWaits(this.#watcher, this.opened)
    const waits = this.toWaits(sessions, await this.#try(locks))
    const unexplained = sessions.filter((each) => waits.every(({ session }) => session !== each))
    if (unexplained.length === 0) return waits
    // Mostly it is too early, and the next question will find the lock. Other ones are rare.
    this.#unexplained += 1
    const isNews = unexplained.every((session) => !this.#otherWaiters.has(session))
    if (isNews && this.#unexplained % 2 === 1) return waits
    const metadata = await this.#try(() => this.#metadataWaits())
    const known = this.#stops ? [...this.opened, this.#stops.numbers] : this.opened
    const others = this.toWaits(unexplained, toSessions(metadata, known))
    this.#otherWaiters = new Set(others.map(({ session }) => session as LaneSession))
    return [...waits, ...others]
  }

  async #metadataWaits(): Promise<ThreadWait[]> {
    return metadataWaits(await askPrepared<MetadataLock[]>(this.#watcher, metadataLocksSql))
  }

  protected async endSessions(): Promise<void> {
    this.#restoration?.forget()
    const ids = this.opened.map(({ id }) => id)
    for (const id of ids) {
      // One that has gone by itself cannot be killed, which is as well.
      await ask(this.#watcher, `KILL CONNECTION ${id}`).catch(() => undefined)
    }
    await this.closeSessions()
    if (ids.length > 0) await this.untilGone(ids)
  }

  protected async terminate({ id }: LaneSession): Promise<void> {
    await this.#try(() => ask(this.#watcher, `KILL CONNECTION ${id}`))
  }

  async cancel({ id }: LaneSession): Promise<void> {
    await this.#try(() => ask(this.#watcher, `KILL QUERY ${id}`))
  }

  protected inherit(session: LaneSession): void {
    this.#inherited.push(...session.takeWrites())
  }

  async freeConnections(): Promise<number> {
    const [most] = await this.#ask<{ most: number; mostOfUser: number }[]>(
      'SELECT @@max_connections AS most, @@max_user_connections AS mostOfUser',
    )
    const [used] = await this.#ask<{ Value: string }[]>("SHOW STATUS LIKE 'Threads_connected'")
    const free = (most?.most ?? 0) - Number(used?.Value ?? 0)
    return most?.mostOfUser ? Math.min(free, most.mostOfUser) : free
  }

  async readyForLoad(): Promise<void> {
    await this.#try(() => ask(this.#watcher, 'COMMIT'))
    this.#resets = 0 // the next one begins a snapshot again
    for (const { name } of this.#tables) await this.#ask(`ANALYZE TABLE ${identifier(name)}`)
    await Promise.all(this.opened.map((session) => session.tell(loadSetting)))
  }

  async countedLockWaitMs(): Promise<number> {
    const [time] = await this.#try(() => ask<{ Value: string }[]>(this.#watcher, rowLockTimeSql))
    return Number(time?.Value ?? 0)
  }

  async sampleLockWaits(): Promise<LockWaitSample> {
    const look = () => ask<{ waiting: number; strangers: number }[]>(this.#watcher, processesSql)
    const [{ waiting, strangers } = { waiting: 0, strangers: 0 }] = await this.#try(look)
    return { waiting, isShared: strangers > 0 }
  }

  /**
   * A session that has been ended keeps its locks until it has undone its transaction. MySQL leaves it out of
   * the process list before that, but its thread is there.
   */
  protected async untilGone(ids: readonly number[]): Promise<void> {
    const deadline = performance.now() + goneLimitMs
    const left = `
      SELECT ID FROM information_schema.PROCESSLIST WHERE ID IN (${ids.join()})
      UNION ALL
      SELECT PROCESSLIST_ID FROM performance_schema.threads WHERE PROCESSLIST_ID IN (${ids.join()})`
    const count = async () => (await this.#try(() => ask<unknown[]>(this.#watcher, left))).length
    while ((await count()) > 0) {
      if (performance.now() > deadline) {
        throw new DatabaseFault(`${this.engine.title} did not end the sessions of a run.`)
      }
      await sleep(gonePollMs)
    }
  }

  async close(): Promise<void> {
    await this.dismissGuests()
    await this.closeSessions()
    for (const connection of [this.#control, this.#watcher, this.#keeper]) {
      if (connection) await disconnect(connection)
    }
    const { title } = this.engine
    const admin = await connect(title, this.server.url)
    try {
      await asked(title, () => ask(admin, `DROP DATABASE IF EXISTS ${this.database}`))
    } finally {
      await disconnect(admin)
    }
  }

  protected async openSession(): Promise<LaneSession> {
    const { title } = this.engine
    const connection = await connect(title, this.server.url, { database: this.database })
    return this.#try(() => InnodbSession.open(connection, this.#sessionSettings(), this.#variant))
  }

  protected get upstream(): Upstream {
    const { server } = this
    const url = new URL(server.url)
    url.pathname = `/${this.database}`
    return {
      protocol: innodbWire,
      get address() {
        return addressOf(server.url)
      },
      url: url.href,
    }
  }

  protected async admit(connection: WireConnection, id: number): Promise<InnodbWireSession> {
    const [thread] = await this.#try(() =>
      ask<{ threadId: number }[]>(
        this.#watcher,
        `SELECT THREAD_ID AS threadId FROM performance_schema.threads WHERE PROCESSLIST_ID = ${id}`,
      ),
    )
    // Without a performance schema nobody has a number in it, and none is 0.
    const numbers = { id, threadId: thread?.threadId ?? 0 }
    const settings = this.#sessionSettings()
    const session = new InnodbWireSession(connection, numbers, settings, this.#variant)
    await session.settle()
    return session
  }

  #sessionSettings(): string[] {
    const level = `SET SESSION TRANSACTION ISOLATION LEVEL ${isolationSql(this.isolation)}`
    if (this.snapshotIsolation === undefined) return [level, actorSettings, longLockWaits]
    return [
      level,
      actorSettings,
      longLockWaits,
      `SET SESSION innodb_snapshot_isolation = ${this.snapshotIsolation ? 'ON' : 'OFF'}`,
    ]
  }

  #ask<T>(text: string): Promise<T> {
    return this.#try(() => ask<T>(this.#control, text))
  }

  async #try<T>(question: () => Promise<T>): Promise<T> {
    return asked(this.engine.title, question, this.#variant.classes)
  }
}

/** Lockstep's own connections to a lane's database. */
interface OwnConnections {
  readonly control: mysql.Connection
  readonly controlNumbers: SessionNumbers
  readonly watcher: mysql.Connection
}

async function connectOwn(
  title: string,
  server: DatabaseServer,
  database: string,
): Promise<OwnConnections> {
  const own = { database, multipleStatements: true }
  const control = await connect(title, server.url, own)
  try {
    // Reads what is committed, and keeps no reader waiting, whatever the server's defaults are.
    await ask(control, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
    await ask(control, controlSettings)
    const controlNumbers = await identify(control)
    const watcher = await connect(title, server.url, own)
    await ask(watcher, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    return { control, controlNumbers, watcher }
  } catch (error) {
    await disconnect(control)
    throw error
  }
}

/** Turns what the driver rejects with into a fault. */
async function asked<T>(
  title: string,
  question: () => Promise<T>,
  classes: ErrorClasses = {},
): Promise<T> {
  try {
    return await question()
  } catch (thrown) {
    const error = thrown as Error & { readonly code?: string }
    if (error.code === 'PROTOCOL_SEQUENCE_TIMEOUT') throw stuck(title)
    const { errorClass, message } = classify(error, classes)
    throw new DatabaseFault(
      errorClass === 'connection lost'
        ? `The connection to ${title} was lost: ${message.replace(/\.$/, '')}.`
        : `${title} did not do what Lockstep asked of it: ${message.replace(/\.$/, '')}.`,
    )
  }
}
