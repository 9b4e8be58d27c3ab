import { endsWithin } from '../../concurrency/stop-signal.ts'
import { DatabaseFault, Fault, HarnessFault, StrategyFault } from '../../errors.ts'
import type {
  ActorSession,
  Engine,
  Guest,
  Lane,
  LockWaitSample,
  Rows,
  Table,
  Wait,
} from '../engine.ts'
import type { ConnectionOwner, WireConnection } from '../proxy/connection.ts'
import { openDoor, type Door, type Upstream } from '../proxy/door.ts'
import type { ProxiedSession, Reception } from '../proxy/session.ts'
import type { IsolationLevel } from '../isolation.ts'
import type { DatabaseServer } from '../server.ts'

/** A session that the server knows by a number. */
export interface NumberedSession extends ActorSession {
  readonly id: number
  /** Has the server do something of Lockstep's own, while no statement is under way. */
  tell(text: string): Promise<void>
  /** Closes its socket, without a word to the server. */
  cutOff(): void
  /** It is about to be ended, as a fault of the plan's. */
  expectLoss?(): void
  /** Resolves when it knows that its connection is gone. */
  readonly whenLost: Promise<void>
  close(): Promise<void>
}

/** A session of an application's, which is given settings. */
interface SettledSession extends ProxiedSession {
  settle(): Promise<void>
}

/** A session waits for another one, or for somebody of this name. */
export interface WaitEdge {
  readonly waiter: number
  readonly blocker: number | string
}

/** Makes the statements of a lane's sessions stop before the first rows they write. */
export interface Stops<Session> {
  hold(session: Session): Promise<void>
  release(session: Session, queue: readonly Session[]): Promise<void>
  /** Number of the session that keeps the others waiting where they stop. */
  readonly keeper: number
  isHeld(session: Session): boolean
  /** Lets everybody go: before the sessions are closed. */
  forget(): Promise<void>
}

/** Facts about a lane that its engine finds out before there is one. */
export type LaneFacts = Pick<Lane, 'engine' | 'version' | 'provider' | 'database' | 'isolation'> &
  Partial<Pick<Lane, 'snapshotIsolation'>>

/** What lanes do alike on every engine: they keep sessions, and bring rows back ahead of time. */
export abstract class BaseLane<Session extends NumberedSession> implements Lane {
  readonly engine: Engine
  readonly version: string
  readonly provider: string
  readonly database: string
  readonly isolation: IsolationLevel
  readonly snapshotIsolation: boolean | undefined
  /** Its own, of which each actor has one or two. */
  #sessions: Session[] = []
  /** All that are open, with those of applications. */
  #opened: readonly Session[] = []
  #byId = new Map<number, Session>()
  #guests: Guest[] = []
  #runsWithSameRows = 0
  #lastRows: Rows | undefined
  #anticipated: { readonly rows: Rows; readonly done: Promise<void> } | undefined
  #stops: Stops<Session> | undefined
  /** Fingerprints of the tables that are left alone, as they were then. */
  #leftAlone: ReadonlyMap<string, string> = new Map()
  /** Names of those that were found changed. */
  readonly #changed = new Set<string>()
  /** Sessions that were ended on purpose. */
  readonly #ended = new Set<Session>()

  protected constructor(facts: LaneFacts) {
    this.engine = facts.engine
    this.version = facts.version
    this.provider = facts.provider
    this.database = facts.database
    this.isolation = facts.isolation
    this.snapshotIsolation = facts.snapshotIsolation
  }

  abstract prepare(tables: readonly Table[], changes: readonly string[]): Promise<void>
  abstract observe(): Promise<Rows>
  abstract isObservationBlocked(): Promise<boolean>
  abstract waits(sessions: readonly Session[]): Promise<readonly Wait[]>
  abstract cancel(session: Session): Promise<void>
  abstract freeConnections(): Promise<number>
  abstract readyForLoad(): Promise<void>
  abstract countedLockWaitMs(): Promise<number>
  abstract sampleLockWaits(): Promise<LockWaitSample>
  abstract close(): Promise<void>

  protected abstract openSession(): Promise<Session>
  /** Ends every session, whatever it is doing. */
  protected abstract endSessions(): Promise<void>
  /** Adds to the tables what makes statements stop, if it is not there. */
  protected abstract openStops(): Promise<Stops<Session>>
  protected abstract readonly server: DatabaseServer
  /** The server has been started anew: opens again what Lockstep has open to it besides the sessions. */
  protected abstract connectAnew(): Promise<void>
  /** Where applications' statements go. */
  protected abstract readonly upstream: Upstream
  /** Sets a session up that an application has opened. */
  protected abstract admit(
    connection: WireConnection,
    id: number,
  ): Promise<Session & SettledSession>
  /** Brings `rows` back, and ends what sessions still hold from before. */
  protected abstract runReset(rows: Rows): Promise<void>

  /** Looks at the tables again: see `noticeTables`, and `noticeMadeTables` for what is filled. */
  protected abstract findTables(filled: 'left alone' | 'emptied'): Promise<void>

  /** What is in the tables that are not brought back, by their names: the same text for the same, empty for nothing. */
  protected abstract fingerprints(): Promise<ReadonlyMap<string, string>>

  /** Asks the server to end the session. */
  protected abstract terminate(session: Session): Promise<void>
  /** Resolves when the server knows no session of these numbers any more: see `goneLimitMs`. */
  protected abstract untilGone(ids: readonly number[]): Promise<void>
  /** Remembers what has to be known of a session that is about to be forgotten. */
  protected abstract inherit(session: Session): void

  get opened(): readonly Session[] {
    return this.#opened
  }

  async sessions(count: number): Promise<readonly Session[]> {
    for (const session of this.#sessions) if (this.#ended.has(session)) await this.replace(session)
    while (this.#sessions.length < count) {
      await this.#openSessions(Math.min(count - this.#sessions.length, openedAtOnce))
    }
    return this.#sessions.slice(0, count)
  }

  async #openSessions(count: number): Promise<void> {
    const opened = await Promise.allSettled(Array.from({ length: count }, () => this.openSession()))
    for (const each of opened) {
      if (each.status === 'rejected') continue
      this.#sessions.push(each.value)
      this.#add(each.value)
    }
    const refused = opened.find((each) => each.status === 'rejected')
    if (refused) throw refused.reason
  }

  #add(session: Session): void {
    this.#opened = [...this.#opened, session]
    this.#byId.set(session.id, session)
  }

  #remove(session: Session): void {
    this.#opened = this.#opened.filter((each) => each !== session)
    if (this.#byId.get(session.id) === session) this.#byId.delete(session.id)
  }

  openDoor(reception: Reception): Promise<Door> {
    const admitted = new Map<WireConnection, Session & SettledSession>()
    const owner: ConnectionOwner = {
      opened: async (connection, id) => {
        const session = await this.#admitted(connection, id, reception)
        if (connection.isClosed) return
        admitted.set(connection, session)
        this.#add(session)
      },
      requested: (connection, { statement }) => {
        const session = admitted.get(connection)
        if (session) reception.arrived(session, statement)
      },
      renewed: async (connection) => {
        await admitted.get(connection)?.settle()
      },
      noticed: () => {},
      closed: (connection) => {
        const session = admitted.get(connection)
        if (!session) return
        this.inherit(session)
        this.#ended.delete(session)
        this.#remove(session)
        reception.left(session)
      },
    }
    return openDoor(this.upstream, owner)
  }

  async #admitted(
    connection: WireConnection,
    id: number,
    reception: Reception,
  ): Promise<Session & SettledSession> {
    try {
      return await this.admit(connection, id)
    } catch (thrown) {
      if (thrown instanceof Fault) reception.failed(thrown)
      throw thrown
    }
  }

  async recover(): Promise<void> {
    for (const guest of this.#guests) guest.refuse()
    try {
      await this.endSessions()
    } finally {
      await Promise.all(this.#guests.map((guest) => guest.interrupt()))
    }
  }

  receive(guest: Guest): void {
    this.#guests.push(guest)
  }

  /** Applications go before what they use. */
  protected async dismissGuests(): Promise<void> {
    const guests = this.#guests
    this.#guests = []
    await Promise.all(guests.map((guest) => guest.leave()))
  }

  async kill(session: Session): Promise<void> {
    session.expectLoss?.()
    await this.terminate(session)
    await this.untilEnded(session)
  }

  async cutOff(session: Session): Promise<void> {
    session.cutOff()
    await this.untilEnded(session)
  }

  async untilEnded(session: Session): Promise<void> {
    if (this.#opened.includes(session)) this.#ended.add(session)
    await this.untilGone([session.id])
    await this.#untilLost([session])
  }

  /** The server has closed its end of their connections: resolves when they know. */
  async #untilLost(sessions: readonly Session[]): Promise<void> {
    const lost = Promise.all(sessions.map(({ whenLost }) => whenLost))
    if (await endsWithin(goneLimitMs, lost)) return
    throw new DatabaseFault(
      `Connections to ${this.engine.title} are still open ${goneLimitMs / 1000} s after the server has ended their sessions: something between keeps them.`,
    )
  }

  get canCrash(): boolean {
    return this.server.crash !== undefined
  }

  async crash(): Promise<void> {
    const lost = this.#opened
    for (const session of lost) session.expectLoss?.()
    await this.#killServer()
    await this.#untilLost(lost)
    // A new session may be given the number of an old one, which has nothing to do with it.
    for (const session of lost) {
      this.inherit(session)
      this.#remove(session)
    }
    for (const session of this.#sessions) this.#ended.add(session)
    await this.connectAnew()
    if (this.#stops) this.#stops = await this.openStops()
  }

  async #killServer(): Promise<void> {
    const { crash } = this.server
    if (!crash) throw new HarnessFault('The server of this lane cannot be killed.')
    try {
      await crash()
    } catch (error) {
      throw new DatabaseFault((error as Error).message) // which says that it has not come back, and why
    }
  }

  async replace(session: Session): Promise<Session> {
    const fresh = await this.openSession()
    if (this.#stops?.isHeld(session)) await this.#stops.release(session, [])
    this.inherit(session)
    this.#ended.delete(session)
    this.#sessions = this.#sessions.map((each) => (each === session ? fresh : each))
    this.#remove(session)
    this.#add(fresh)
    await session.close()
    return fresh
  }

  get stops(): boolean {
    return this.#stops !== undefined
  }

  hold(session: Session): Promise<void> {
    return this.#mustStop().hold(session)
  }

  release(session: Session, queue: readonly Session[]): Promise<void> {
    return this.#mustStop().release(session, queue)
  }

  #mustStop(): Stops<Session> {
    if (this.#stops) return this.#stops
    throw new HarnessFault('No stops inside statements have been added to the lane.')
  }

  async addStops(): Promise<void> {
    try {
      this.#stops = await this.openStops()
    } catch (error) {
      if (!(error instanceof DatabaseFault)) throw error
      throw new DatabaseFault(
        `Statements cannot be stopped between what they read and what they write, which takes triggers on the tables. ${error.message}`,
      )
    }
  }

  noticeTables(): Promise<void> {
    return this.#lookAtTables('left alone')
  }

  noticeMadeTables(): Promise<void> {
    return this.#lookAtTables('emptied')
  }

  async #lookAtTables(filled: 'left alone' | 'emptied'): Promise<void> {
    // It knows nothing of them.
    await this.#anticipated?.done.catch(() => undefined)
    this.#anticipated = undefined
    await this.findTables(filled)
    if (filled === 'left alone') this.#leftAlone = await this.fingerprints()
  }

  async changedTables(): Promise<readonly string[]> {
    await this.#anticipated?.done.catch(() => undefined)
    const now = await this.fingerprints()
    for (const name of new Set([...now.keys(), ...this.#leftAlone.keys()])) {
      if ((now.get(name) ?? '') !== (this.#leftAlone.get(name) ?? '')) this.#changed.add(name)
    }
    return [...this.#changed]
  }

  reset(rows: Rows): Promise<void> {
    const anticipated = this.#anticipated
    this.#anticipated = undefined
    if (!anticipated) return this.#reset(rows)
    if (anticipated.rows === rows) return anticipated.done
    // It may still be cleaning sessions, and would bring its rows after these.
    return anticipated.done.then(() => this.#reset(rows))
  }

  anticipate(rows: Rows): void {
    // Rows that were new to the last run are mostly new to the next one as well.
    const isRepeating = this.#runsWithSameRows > 0
    if (!isRepeating) return
    const done = this.#reset(rows)
    done.catch(() => {}) // whoever asks for these rows hears of it
    this.#anticipated = { rows, done }
  }

  #reset(rows: Rows): Promise<void> {
    this.#runsWithSameRows = this.#lastRows === rows ? this.#runsWithSameRows + 1 : 0
    this.#lastRows = rows
    return this.runReset(rows)
  }

  /** The tables are about to be others. */
  protected async forgetTables(): Promise<void> {
    await this.dismissGuests()
    await this.closeSessions() // their prepared statements speak of tables that go now
    this.#stops = undefined
    this.#lastRows = undefined
    this.#anticipated = undefined
    this.#leftAlone = new Map()
    this.#changed.clear()
  }

  protected async closeSessions(): Promise<void> {
    const sessions = this.#opened
    await this.#stops?.forget()
    this.#sessions = []
    this.#opened = []
    this.#ended.clear()
    this.#byId = new Map()
    await Promise.all(sessions.map((session) => session.close()))
  }

  /** Who of the asked waits for whom, from what the server says about all sessions. */
  protected toWaits(asked: readonly Session[], edges: readonly WaitEdge[]): Wait[] {
    const waits = Map.groupBy(edges, ({ waiter }) => waiter)
    return asked.flatMap((session) => {
      const blockers = waits.get(session.id)?.map(({ blocker }) => blocker) ?? []
      return blockers.length === 0 ? [] : [this.#wait(session, blockers)]
    })
  }

  #wait(session: Session, blockers: readonly (number | string)[]): Wait {
    const known = new Set<Session>()
    const strangers = new Set<string>()
    let isAtStop = false
    for (const blocker of blockers) {
      if (blocker === this.#stops?.keeper) {
        isAtStop = true
        continue
      }
      const holder = typeof blocker === 'number' ? this.#byId.get(blocker) : undefined
      if (holder) known.add(holder)
      else strangers.add(typeof blocker === 'number' ? `session ${blocker}` : blocker)
    }
    // One that has just been released may still be on its way.
    const stopped = isAtStop && this.#stops?.isHeld(session) === true
    return { session, stopped, blockers: [...known], strangers: [...strangers] }
  }
}

/** Sessions that are being opened at the same time: more would wait for each other. */
const openedAtOnce = 8

/** How long sessions may take to be gone after they were ended, in milliseconds, and how often to look. */
export const goneLimitMs = 5_000
export const gonePollMs = 5

/** How long Lockstep's own questions and clean-ups may take before the server counts as stuck. */
export const controlTimeoutMs = 15_000

/** @param title the engine's, as its makers write it */
export const stuck = (title: string): DatabaseFault =>
  new DatabaseFault(
    `${title} did not let Lockstep read or write the tables within ${controlTimeoutMs / 1000} s: an actor may hold a lock on a whole table, as after LOCK TABLE, which keeps everybody from reading it.`,
  )

/** @param table one that a strategy's schema has added */
export const hasRows = (table: string): StrategyFault =>
  new StrategyFault(
    `The schema of the strategy puts rows into its own table ${table}, which is emptied before every run: let the strategy insert what it needs.`,
  )
