import { setTimeout as pause } from 'node:timers/promises'
import { fromFirstWord } from '../databases/commits.ts'
import { DatabaseError } from '../databases/database-error.ts'
import type { ActorSession } from '../databases/engine.ts'
import type { ProxiedSession } from '../databases/proxy/session.ts'
import type { Statement } from '../databases/statement.ts'
import type { ActorId } from '../history.ts'
import type { ActorPort } from '../scheduler/scheduler.ts'
import type { Gate } from '../session.ts'
import { DatabaseFault, StrategyFault, type Fault } from '../errors.ts'
import { actorName } from '../history.ts'
import type { Turns } from './turns.ts'

interface Arrival {
  readonly session: ProxiedSession
  readonly statement: Statement
}

const committing = /^(?:commit|end)\b/i

/** How long the end of a connection may take to be heard of, in milliseconds, and how often to look. */
const closingMs = 200
export const lookAgainMs = 2

/** Whether it is still so when the end of a connection would have been heard of. */
export async function outlastsClosing(isSo: () => boolean): Promise<boolean> {
  const deadline = performance.now() + closingMs
  while (isSo() && performance.now() < deadline) await pause(lookAgainMs)
  return isSo()
}

/** An actor in a run whose statements come from an application. */
export class Seat {
  readonly actor: ActorId
  readonly #port: ActorPort
  /** Only where all actors share an application. */
  readonly #turns: Turns<Seat> | undefined
  /** The actor's sessions as the scheduler sees them: added to as they come. */
  readonly #sessions: ActorSession[]
  /** The application's, by the number that histories show: see `#placeOf`. */
  readonly #slots: ProxiedSession[] = []
  readonly #arrivals: Arrival[] = []
  #current: Arrival | undefined
  /** Sessions that were inside a transaction when they were last answered. */
  readonly #inside = new Set<ProxiedSession>()
  /** Those of them that the application has closed since, as histories number them. */
  readonly #closed: number[] = []
  #refusal: DatabaseError | undefined

  constructor(
    actor: ActorId,
    port: ActorPort,
    sessions: ActorSession[],
    turns: Turns<Seat> | undefined,
  ) {
    this.actor = actor
    this.#port = port
    this.#sessions = sessions
    this.#turns = turns
  }

  /** What the database refused last since the command began: why the application may have thrown. */
  get refusal(): DatabaseError | undefined {
    return this.#refusal
  }

  /** The actor is about to do a command. */
  async begin(): Promise<void> {
    this.#refusal = undefined
    await this.#turns?.take(this)
  }

  /** The actor has done all its commands. */
  end(): void {
    this.#turns?.give(this)
  }

  /** For the commands that are no business of the application's. */
  readonly gate: Gate = async (step) => {
    const result = this.#port.gate(step)
    this.#turns?.give(this)
    try {
      return await result
    } finally {
      await this.#turns?.take(this)
    }
  }

  /** Whether the session is inside a transaction of this actor's. */
  isInside(session: ProxiedSession): boolean {
    return session.transaction !== 'none' && this.#slots.includes(session)
  }

  has(session: ProxiedSession): boolean {
    return this.#slots.includes(session)
  }

  /** The session is another actor's from now on. */
  forget(session: ProxiedSession): void {
    const slot = this.#slots.indexOf(session)
    if (slot >= 0) this.#slots.splice(slot, 1)
    const index = this.#sessions.indexOf(session)
    if (index >= 0) this.#sessions.splice(index, 1)
  }

  /** A statement has come that is this actor's. One at a time is a step. */
  arrived(session: ProxiedSession, statement: Statement): void {
    this.#arrivals.push({ session, statement })
    this.#next()
  }

  /** The application has closed its session, or lost it. */
  left(session: ProxiedSession): void {
    const waits =
      this.#current?.session === session || this.#arrivals.some((each) => each.session === session)
    if (session.isStruck) return
    if (!waits) {
      this.#noteClosed(session)
      return
    }
    const what = `A connection of actor ${actorName(this.actor)} was lost with a statement under way`
    const why = session.protocolError
    this.#port.fail(
      why === undefined && session.isEndedByServer
        ? new DatabaseFault(`${what}: the server has ended it.`)
        : new StrategyFault(`${what}: ${why ?? 'the application closed it, or has ended'}.`),
    )
  }

  /** The server rolls back what was open, and lets go of whatever the session has held. */
  #noteClosed(session: ProxiedSession): void {
    const place = this.#slots.indexOf(session)
    if (place < 0) return
    if (this.#inside.delete(session)) this.#closed.push(place)
    this.#port.closed(session)
  }

  /**
   * The application has done a command. If it is inside a transaction, it may have closed the connection
   * in place of ROLLBACK, which is heard of a little later.
   */
  async done(): Promise<void> {
    await outlastsClosing(() => this.#isUnfinished)
    this.#tellClosed()
  }

  get #isUnfinished(): boolean {
    return this.#port.isIdle() && (this.#port.isInside() || this.#current !== undefined)
  }

  #tellClosed(): void {
    for (const connection of this.#closed.splice(0)) this.#port.disconnected(connection)
  }

  fail(fault: Fault): void {
    this.#port.fail(fault)
  }

  #next(): void {
    if (this.#current) return
    const arrival = this.#arrivals.shift()
    if (!arrival) return
    this.#current = arrival
    // If that one was closed before this one was used, it is heard of in a moment.
    const isInsideElsewhere = this.#slots.some(
      (slot) => slot !== arrival.session && slot.transaction !== 'none',
    )
    if (isInsideElsewhere) setImmediate(() => setImmediate(() => this.#park(arrival)))
    else this.#park(arrival)
  }

  #park(arrival: Arrival): void {
    this.#tellClosed()
    const { session, statement } = arrival
    const connection = this.#placeOf(session)
    const step = { kind: 'statement', statement, ...(connection > 0 && { connection }) } as const
    const answered = this.#port.gate(step, session)
    if (this.#turns) this.#giveSoon(this.#turns, arrival)
    answered.then(
      () => {
        // What the application throws from now on is not why the database has refused something.
        if (committing.test(fromFirstWord(statement.parts[0] ?? ''))) this.#refusal = undefined
        return this.#answer(session)
      },
      (thrown: unknown) => {
        if (thrown instanceof DatabaseError) this.#refusal = thrown
        return this.#answer(session)
      },
    )
  }

  /** What was sent along with it, over other connections, is about to come as well. */
  #giveSoon(turns: Turns<Seat>, arrival: Arrival): void {
    setImmediate(() => {
      if (this.#current === arrival) turns.give(this)
    })
  }

  #answer(session: ProxiedSession): Promise<void> | void {
    if (this.#turns) return this.#turns.take(this).then(() => this.#deliver(session))
    this.#deliver(session)
  }

  #deliver(session: ProxiedSession): void {
    this.#current = undefined
    if (session.transaction === 'none') this.#inside.delete(session)
    else this.#inside.add(session)
    session.deliver()
    this.#next()
  }

  /**
   * Which of the actor's connections it is, in histories. A pool may hand out any: what counts is how many
   * of them were in use at that moment.
   */
  #placeOf(session: ProxiedSession): number {
    const known = this.#slots.indexOf(session)
    if (known >= 0) return known
    if (!this.#sessions.includes(session)) this.#sessions.push(session)
    const free = this.#slots.findIndex(({ transaction }) => transaction === 'none')
    if (free < 0) return this.#slots.push(session) - 1
    this.#slots[free] = session
    return free
  }
}
