import { setTimeout as pause } from 'node:timers/promises'
import type { Guest, Lane } from '../databases/engine.ts'
import type { Door } from '../databases/proxy/door.ts'
import { unlessStopped } from '../concurrency/stop-signal.ts'
import { describeThrown, Fault, StrategyFault, whereThrown } from '../errors.ts'
import type { ActorId } from '../history.ts'
import type { Strategy } from '../strategy.ts'
import type { Application } from './application.ts'
import { Desk } from './desk.ts'

/**
 * How long an application may take to start, and to stop, in milliseconds. A program that does not end has
 * been killed by then: see `Program`.
 */
const startLimitMs = 60_000
const stopLimitMs = 2_000

const hosts = new WeakMap<Lane, ApplicationHost>()

/** Keeps an application running at a lane: it is started when it is first needed, and for no less actors. */
export class ApplicationHost implements Guest {
  readonly desk: Desk
  /** How many actors have done something at the same time since the application was started. */
  warmFor = 0
  /** Whether a fault of a plan has broken a connection since the application was started. */
  wasStruck = false
  readonly #lane: Lane
  readonly #name: string
  readonly #application: Application
  readonly #doors: Door[] = []
  /** What `start` returned: one for each actor, or one for all. */
  #clients: unknown[] = []
  #actors = 0
  #hasStarted = false
  /** Connections that it had open at the same time at doors that are closed. */
  #mostBefore = 0

  private constructor(lane: Lane, { name }: Strategy, application: Application) {
    this.#lane = lane
    this.#name = name
    this.#application = application
    this.desk = new Desk(name, application.actors)
  }

  /** The lane has been prepared for the strategy: if it is an application, there is one from now on. */
  static settle(lane: Lane, strategy: Strategy): void {
    hosts.delete(lane)
    if (!strategy.application) return
    const host = new ApplicationHost(lane, strategy, strategy.application)
    hosts.set(lane, host)
    lane.receive(host)
  }

  static of(lane: Lane): ApplicationHost | undefined {
    return hosts.get(lane)
  }

  /** Why an actor may neither send a statement nor end. */
  get idleHint(): string {
    return 'Perhaps all connections of its pool are in use, as it needs one for each actor; or it waits for something else than its database; or it does not use the URL that it was started with; or it works on when its commands have ended.'
  }

  get isShared(): boolean {
    return this.#application.actors === 'shared'
  }

  /**
   * Starts what so many actors need, if it does not run.
   *
   * @param signal ends the wait for it
   * @throws {StrategyFault} when it cannot be started.
   * @throws {Fault} when the wait was ended: the signal's reason, if that is one.
   */
  async start(actors: number, signal?: AbortSignal): Promise<void> {
    if (this.isShared && this.#clients.length > 0 && actors > this.#actors) await this.interrupt()
    this.#actors = Math.max(actors, this.#actors)
    const wanted = this.isShared ? 1 : actors
    if (this.#clients.length >= wanted) return
    // What it does now is its own business, and what its commands have done before is not.
    if (this.#hasStarted) await this.#lane.changedTables()
    this.#hasStarted = false
    this.desk.open()
    try {
      while (this.#clients.length < wanted) {
        const door = await this.#door(this.#clients.length)
        this.#clients.push(await this.#startAt(door, signal))
      }
      await this.#lane.noticeTables()
      this.#hasStarted = true
    } finally {
      this.desk.end()
    }
  }

  async #door(number: number): Promise<Door> {
    const known = this.#doors[number]
    if (known) return known
    const door = await this.#lane.openDoor({
      arrived: (session, statement) => this.desk.arrived(number, session, statement),
      left: (session) => this.desk.left(session),
      failed: (fault) => this.desk.failed(fault),
    })
    this.#doors.push(door)
    return door
  }

  async #startAt({ url, unixSocket }: Door, signal: AbortSignal | undefined): Promise<unknown> {
    const options = { url, unixSocket, engine: this.#lane.engine.name, actors: this.#actors }
    const starting = this.#application.start(options)
    try {
      const started = unlessStopped(signal, starting)
      return await within(startLimitMs, started, `it took more than ${startLimitMs / 1000} s`)
    } catch (thrown) {
      // It may still come to be, and nobody would end it.
      starting.then((client) => this.#stop(client)).catch(() => {})
      if (thrown instanceof Fault) throw thrown
      this.desk.refuseFailure()
      throw new StrategyFault(
        `Application "${this.#name}" could not be started: ${describeThrown(thrown)}${whereThrown(thrown)}.`,
      )
    }
  }

  /** How many connections it has had open at the same time, at most. */
  get connections(): number {
    const now = this.#doors.reduce((sum, { mostConnections }) => sum + mostConnections, 0)
    return Math.max(now, this.#mostBefore)
  }

  /** What `start` returned for the actor. */
  client(actor: ActorId): unknown {
    return this.#clients[this.isShared ? 0 : actor]
  }

  refuse(): void {
    for (const door of this.#doors) door.refuse()
  }

  /**
   * Ends the application. It is started again when it is needed, and finds its database elsewhere then: if
   * something of it is left, that has nothing to say any more.
   */
  async interrupt(): Promise<void> {
    this.warmFor = 0
    this.desk.end()
    this.refuse()
    await this.#end()
    this.desk.forgive()
  }

  async #end(): Promise<void> {
    const clients = this.#clients
    this.#clients = []
    this.wasStruck = false
    await Promise.all(clients.map((client) => this.#stop(client)))
    await this.#closeDoors()
  }

  async #closeDoors(): Promise<void> {
    this.#mostBefore = this.connections
    const doors = this.#doors.splice(0)
    await Promise.all(doors.map((door) => door.close()))
  }

  /** One that does not stop has lost its connections all the same. */
  async #stop(client: unknown): Promise<void> {
    await within(stopLimitMs, this.#application.stop(client), 'it took too long').catch(() => {})
  }

  async leave(): Promise<void> {
    if (hosts.get(this.#lane) === this) hosts.delete(this.#lane)
    // In good order: what is in the middle of nothing says goodbye by itself.
    await this.#end()
  }
}

async function within<T>(ms: number, work: Promise<T>, otherwise: string): Promise<T> {
  const controller = new AbortController()
  const tooLong = pause(ms, undefined, { signal: controller.signal }).then(() => {
    throw new Error(otherwise)
  })
  tooLong.catch(() => {})
  try {
    return await Promise.race([work, tooLong])
  } finally {
    controller.abort()
  }
}
