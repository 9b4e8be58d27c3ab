import type { EngineName } from './engine-name.ts'
import type { DatabaseError } from './database-error.ts'
import type { IsolationLevel, IsolationSetting } from './isolation.ts'
import type { Door } from './proxy/door.ts'
import type { Reception } from './proxy/session.ts'
import type { DatabaseServer } from './server.ts'
import type { Row, SqlValue, Statement } from './statement.ts'

/** A database system: how to open a lane on a server of its kind. One object per engine. */
export interface Engine {
  readonly name: EngineName
  /** As its makers write it. */
  readonly title: string
  readonly defaultIsolation: IsolationLevel
  /** Whether it has innodb_snapshot_isolation. */
  readonly hasSnapshotIsolation: boolean
  /**
   * Whether the server breaks every circle of waits. InnoDB follows one of those that a waiter waits
   * for, so a circle through another one stands until that first one has gone.
   */
  readonly breaksEveryCircle: boolean
  /**
   * Makes a lane on the server, which the caller closes.
   *
   * @throws {DatabaseFault} when the server cannot be reached, or does not allow what a lane needs.
   */
  openLane(server: DatabaseServer, options: LaneOptions): Promise<Lane>
  /** Settings of the server that decide its speed and what transactions see, by name, as it writes them. */
  settings(server: DatabaseServer): Promise<Readonly<Record<string, string>>>
}

export interface LaneOptions extends IsolationSetting {
  /**
   * Whether a transaction fails that would write what has changed since its snapshot. On MariaDB
   * only; by default what the server is set to.
   * Source: MariaDB manual, "InnoDB System Variables", innodb_snapshot_isolation.
   */
  readonly snapshotIsolation?: boolean | undefined
}

/** A table Lockstep seeds before every run and reads after every commit. */
export interface Table {
  readonly name: string
  /** The columns seeded and observed, in order. Columns a strategy adds are left to their defaults. */
  readonly columns: readonly string[]
  /** CREATE TABLE, and whatever belongs to it. */
  readonly create: PerEngine<readonly string[]>
}

/** One value for every engine, or one for each. The compiler sees to it that none is forgotten. */
export type PerEngine<T> = T | { readonly [Name in EngineName]: T }

/** What holds for one engine. */
export function forEngine<T>(engine: EngineName, value: PerEngine<readonly T[]>): readonly T[] {
  return 'postgres' in value ? value[engine] : value
}

/** The rows of every table of the workload, in a fixed order. */
export type Rows = Readonly<Record<string, readonly Row[]>>

/**
 * One independent copy of the world: a database of its own on a server, with one session per actor
 * and one to look at them from outside. Lanes do not disturb each other.
 */
export interface Lane {
  readonly engine: Engine
  readonly version: string
  readonly provider: string
  /** Name of the lane's own database. */
  readonly database: string
  readonly isolation: IsolationLevel
  /** MariaDB's innodb_snapshot_isolation as it is in force; undefined where there is no such thing. */
  readonly snapshotIsolation: boolean | undefined

  /** Replaces whatever the lane holds by these tables, changed by the given statements. */
  prepare(tables: readonly Table[], changes: readonly string[]): Promise<void>

  /**
   * An application may have made tables of its own. Those that are empty are so again at every reset;
   * what stands in others, such as the migrations it has done, is its own business.
   */
  noticeTables(): Promise<void>

  /**
   * Commands may have made tables, such as those that make what they need where it is not there yet. The
   * ones that are new are empty at every reset from now on, and those that are gone are forgotten.
   */
  noticeMadeTables(): Promise<void>

  /**
   * Names of tables that are not brought back between runs, and hold something else than they did when
   * `noticeTables` was called last, or had been found to at an earlier call: what commands have written
   * there, the next run finds.
   */
  changedTables(): Promise<readonly string[]>

  /**
   * From now on, and until the lane is prepared again, statements can be made to stop: see `hold`.
   * Called right after `prepare`.
   *
   * @throws {DatabaseFault} when the server does not let Lockstep add what that takes.
   */
  addStops(): Promise<void>

  /** Whether statements can be made to stop. */
  readonly stops: boolean

  /**
   * From when this is done, each statement of the session stops once before the first row that it
   * writes, until the session is released: it has read what it writes by then, or most of it. One that
   * writes no row does not stop. For a session without a statement under way; on one that is held
   * already it does nothing.
   */
  hold(session: ActorSession): Promise<void>

  /**
   * Lets the statement that has stopped go on to its end, and what follows it never stop, until the
   * session is held again. `queue` is what it is to {@link ActorSession.execute}: what is left of the
   * statement may close a cycle too.
   */
  release(session: ActorSession, queue: readonly ActorSession[]): Promise<void>

  /** Sessions for `count` actors: the same ones in every run, ready and idle. */
  sessions(count: number): Promise<readonly ActorSession[]>

  /** Empties the prepared tables and fills them with `rows`. */
  reset(rows: Rows): Promise<void>

  /**
   * A run is over, its state has been read, and the next one may well want the same rows: a lane can
   * begin to bring them back while nothing waits for it. Nothing but `reset` may follow.
   */
  anticipate(rows: Rows): void

  /** The committed rows of the prepared tables, seen from outside every transaction. */
  observe(): Promise<Rows>

  /** Whether an `observe` under way waits for a lock, as an actor may have locked a whole table. */
  isObservationBlocked(): Promise<boolean>

  /**
   * Asks the server which of the given sessions wait for a lock at this moment, and for whom.
   * Only what the server itself says counts.
   */
  waits(sessions: readonly ActorSession[]): Promise<readonly Wait[]>

  /**
   * Has the server end the session, as an administrator can. Done when the server has nothing of it any
   * more, and the session knows that it is lost. For a session without a statement under way.
   */
  kill(session: ActorSession): Promise<void>

  /** The same from the other side: its socket closes, without a word to the server. */
  cutOff(session: ActorSession): Promise<void>

  /** Whether the lane's server can be killed, and is the lane's alone: see `DatabaseServer.crash`. */
  readonly canCrash: boolean

  /**
   * Kills the lane's server, and has it start again on its data. Done when it has undone what was not
   * committed, and every session knows that it is lost; what was under way on them has failed by then.
   * Other lanes on the server are lost with it.
   *
   * @throws {DatabaseFault} when it does not come back.
   * @throws {HarnessFault} where it cannot be killed.
   */
  crash(): Promise<void>

  /** The sessions that are open, those of applications among them. */
  readonly opened: readonly ActorSession[]

  /** Resolves when the server has nothing any more of a session that is lost, or about to be. */
  untilEnded(session: ActorSession): Promise<void>

  /** Has the server cancel the statement that is under way, which then fails. Does not wait for that. */
  cancel(session: ActorSession): Promise<void>

  /** Puts a fresh session in the place of one that is lost, for the rest of the run and those to come. */
  replace(session: ActorSession): Promise<ActorSession>

  /**
   * Replaces every session by a fresh one, ending whatever still runs on the old ones: after a run
   * that was stopped half way.
   */
  recover(): Promise<void>

  /** How many connections the server accepts at this moment besides those there are, by its settings. */
  freeConnections(): Promise<number>

  /**
   * The sessions are about to work all at once, with no scheduler. Until the next `reset` nothing is held
   * still for its sake: no snapshot is kept open, the tables have statistics, and the sessions have the
   * settings that an application would find. Called right after `reset`.
   */
  readyForLoad(): Promise<void>

  /**
   * Milliseconds that the server itself has added up of waits for locks, since some time in the past, over
   * all its sessions; 0 where it adds up none. See {@link LockWaitSample} for the others.
   */
  countedLockWaitMs(): Promise<number>

  /** Looks who waits for locks at this moment. */
  sampleLockWaits(): Promise<LockWaitSample>

  /**
   * Opens an address for clients that are not Lockstep's own: an application that connects to it has a
   * session in the lane's database, and none of its statements is sent before `reception` sends it. Such
   * sessions count among the lane's. Whoever opens it closes it.
   *
   * @throws {HarnessFault} when no port can be had.
   */
  openDoor(reception: Reception): Promise<Door>

  /** The guest is to leave before the lane is prepared again, or closed. */
  receive(guest: Guest): void

  /** Closes every connection and drops the lane's database. */
  close(): Promise<void>
}

/** Something that uses a lane's tables as they are prepared now. */
export interface Guest {
  /** Its sessions are about to be taken from it. */
  refuse(): void
  /** Its sessions have been taken from it: it ends whatever it has begun, and does not throw. */
  interrupt(): Promise<void>
  /** Ends whatever it has begun, and does not throw. */
  leave(): Promise<void>
}

/** What has to be asked for again and again to know how long sessions wait for locks. */
export interface LockWaitSample {
  /** The lane's sessions that wait at this moment in a way that the server does not add up. */
  readonly waiting: number
  /** Whether somebody else is at work on the server at this moment, whose waits it adds up as well. */
  readonly isShared: boolean
}

/** A session waits for a lock, or has stopped. */
export interface Wait {
  readonly session: ActorSession
  /** Whether its statement has stopped before its first row, and waits for {@link Lane.release}. */
  readonly stopped: boolean
  /** The sessions of this lane that hold it or are ahead in its queue. */
  readonly blockers: readonly ActorSession[]
  /** Holders that are no session of this lane: somebody else is at work in the database. */
  readonly strangers: readonly string[]
}

/** Whether the session is outside a transaction, inside one, or inside one that has failed. */
export type TransactionState = 'none' | 'open' | 'failed'

export type StatementOutcome =
  | {
      readonly ok: true
      readonly rows: readonly Row[]
      /** Rows written, or for a statement that returns rows, their number. */
      readonly affectedRows: number
      readonly transaction: TransactionState
    }
  | {
      readonly ok: false
      readonly error: DatabaseError
      readonly transaction: TransactionState
      /** Whether the server had done it, where its answer was lost: see {@link ActorSession.loseNextAnswer}. */
      readonly wasDone?: boolean
    }

/** An actor's own connection. */
export interface ActorSession {
  /**
   * Sends a statement. Never rejects: a refusal is an outcome. At most one may be under way.
   *
   * `queue` are the sessions known to wait for this one, directly or through others: should this
   * statement begin to wait too, it may close a cycle, and then it must be the one that fails.
   *
   * `onStop` is called when the server says by itself that the statement has stopped: see
   * {@link Lane.hold}. Where it does not say so, {@link Lane.waits} tells.
   */
  execute(
    statement: Statement,
    queue: readonly ActorSession[],
    onStop?: () => void,
  ): Promise<StatementOutcome>
  readonly transaction: TransactionState

  /** Whether its connection is gone. Every statement fails then: see {@link Lane.replace}. */
  readonly isLost: boolean

  /**
   * The connection is to break when the server has answered the next statement to its end, and before
   * that answer is heard: what comes of the statement is `connection lost`.
   */
  loseNextAnswer(): void

  /**
   * From now on, statements wait for a lock no longer than they have to: the shortest time that the
   * engine has a setting for. Or again as long as it takes.
   */
  limitLockWaits(isLimited: boolean): Promise<void>
}

/** Placeholders and literals of an engine. */
export interface Dialect {
  placeholder(index: number): string
  literal(value: SqlValue): string
}
