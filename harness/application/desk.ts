import { setTimeout as pause } from 'node:timers/promises'
import { StrategyFault, type Fault } from '../errors.ts'
import type { ProxiedSession } from '../databases/proxy/session.ts'
import { showStatement, type Statement } from '../databases/statement.ts'
import type { ActorSession, StatementOutcome } from '../databases/engine.ts'
import type { ActorId } from '../history.ts'
import type { ActorPort } from '../scheduler/scheduler.ts'
import type { ActorsOf } from './application.ts'
import { lookAgainMs, outlastsClosing, Seat } from './seat.ts'
import { Turns } from './turns.ts'

/** Is told of statements as they are sent and answered. */
export interface StatementWitness {
  sent(statement: Statement, session: ActorSession): void
  answered(statement: Statement, outcome: StatementOutcome): void
}

/** Where an application's statements arrive, and are given to the actors that they belong to. */
export class Desk {
  readonly #actors: ActorsOf
  readonly #name: string
  /** The run that is under way. */
  #run: DeskRun | undefined
  /** Whether statements are expected, outside runs. */
  #isOpen = false
  /** The first statement that came when none was expected, since the last run began. */
  #stray: Statement | undefined
  /** Why a session could not be set up, since the last run began. */
  #failure: Fault | undefined
  /** Sessions that are over. */
  #losses = 0
  /** Those that have a statement behind them and are not over. */
  readonly #known = new Set<ProxiedSession>()
  readonly #busy = new Set<ProxiedSession>()
  #closed: ProxiedSession[] = []
  #watch: (() => StatementWitness) | undefined
  #witnesses = new WeakMap<ProxiedSession, StatementWitness>()

  /** @param name the strategy's, for messages */
  constructor(name: string, actors: ActorsOf) {
    this.#name = name
    this.#actors = actors
  }

  /** From now on every statement is a step of one of the actors, until the run is ended. */
  begin(): DeskRun {
    this.#refuseStray()
    this.refuseFailure()
    const run = new DeskRun(this.#name, this.#actors)
    this.#run = run
    return run
  }

  /** The run is over, or what was done without a scheduler: nothing is expected from now on. */
  end(): void {
    this.#run = undefined
    this.#isOpen = false
  }

  /** From now on statements are sent as they come. */
  open(): void {
    this.#refuseStray()
    this.refuseFailure()
    this.#isOpen = true
    this.#closed = []
  }

  /** Nothing that came up to now is of any account. */
  forgive(): void {
    this.#stray = undefined
    this.#failure = undefined
  }

  /** A session could not be set up: what its client does without it says nothing about the application. */
  failed(fault: Fault): void {
    this.#failure ??= fault
    this.#run?.fail(fault)
  }

  /** @throws {Fault} when a session could not be set up. */
  refuseFailure(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure
  }

  /** Sent all the same, so that the application goes on; but it may have changed what a run has seen. */
  #refuseStray(): void {
    const stray = this.#stray
    this.#stray = undefined
    if (stray) throw unexpected(this.#name, stray)
  }

  /** Whether a session without a statement under way is inside a transaction. */
  get isLeftInside(): boolean {
    return [...this.#known].some(
      (session) => session.transaction !== 'none' && !this.#busy.has(session),
    )
  }

  /** Whether one stays inside: if it is closed in place of ROLLBACK, that is heard of a little later. */
  staysInside(): Promise<boolean> {
    return outlastsClosing(() => this.isLeftInside)
  }

  /** Those that were closed since statements are sent as they come: the server may still be ending them. */
  get closed(): readonly ProxiedSession[] {
    return this.#closed
  }

  /** How many sessions have ended so far. */
  get losses(): number {
    return this.#losses
  }

  /**
   * Resolves when no statement is under way that was sent outside runs: a command may be answered before
   * its last one is.
   *
   * @throws {StrategyFault} when one does not end in time, or a transaction is left open.
   */
  async quiet(limitMs: number): Promise<void> {
    const deadline = performance.now() + limitMs
    while (this.#busy.size > 0) {
      if (performance.now() > deadline) throw this.#restless(limitMs)
      await pause(lookAgainMs)
    }
    if (await this.staysInside()) throw this.leftInside()
  }

  #restless(limitMs: number): StrategyFault {
    return new StrategyFault(
      `Application "${this.#name}" had a statement under way for ${limitMs} ms after its commands had ended: it must await every one.`,
    )
  }

  leftInside(): StrategyFault {
    return new StrategyFault(
      `Application "${this.#name}" ended a command with its transaction open: it must COMMIT or ROLLBACK.`,
    )
  }

  /** The sessions that have a statement under way, outside runs. */
  get busy(): readonly ProxiedSession[] {
    return [...this.#busy]
  }

  /**
   * Has the statements watched that are sent outside runs. Nobody knows which of them belong to one
   * command: a witness sees those of a session up to the end of a transaction that was committed.
   */
  watch(begin: (() => StatementWitness) | undefined): void {
    this.#watch = begin
    this.#witnesses = new WeakMap()
  }

  /** @param door number of the actor, where each has an application of its own */
  arrived(door: number, session: ProxiedSession, statement: Statement): void {
    this.#known.add(session)
    if (this.#run) {
      this.#run.arrived(door, session, statement)
      return
    }
    if (!this.#isOpen) this.#stray ??= statement
    void this.#sendAtOnce(session, statement)
  }

  left(session: ProxiedSession): void {
    if (this.#known.delete(session) && this.#isOpen) this.#closed.push(session)
    this.#busy.delete(session)
    this.#losses += 1
    this.#run?.left(session)
  }

  async #sendAtOnce(session: ProxiedSession, statement: Statement): Promise<void> {
    const witness = this.#witnessOf(session)
    this.#busy.add(session)
    witness?.sent(statement, session)
    const outcome = await session.execute(statement, [])
    witness?.answered(statement, outcome)
    this.#busy.delete(session)
    if (outcome.ok && outcome.transaction === 'none') this.#witnesses.delete(session)
    session.deliver()
  }

  #witnessOf(session: ProxiedSession): StatementWitness | undefined {
    if (!this.#watch) return undefined
    const known = this.#witnesses.get(session) ?? this.#watch()
    this.#witnesses.set(session, known)
    return known
  }
}

/** One run, at a desk. */
export class DeskRun {
  readonly #name: string
  readonly #turns: Turns<Seat> | undefined
  readonly #seats: Seat[] = []

  constructor(name: string, actors: ActorsOf) {
    this.#name = name
    this.#turns = actors === 'shared' ? new Turns() : undefined
  }

  get isShared(): boolean {
    return this.#turns !== undefined
  }

  /** @param sessions the actor's, to which those of the application are added as they come */
  seat(actor: ActorId, port: ActorPort, sessions: ActorSession[]): Seat {
    const seat = new Seat(actor, port, sessions, this.#turns)
    this.#seats[actor] = seat
    return seat
  }

  arrived(door: number, session: ProxiedSession, statement: Statement): void {
    const seat = this.#turns ? this.#whoseTurn(session) : this.#seats[door]
    if (!seat) {
      this.fail(unexpected(this.#name, statement))
      return
    }
    for (const other of this.#seats) if (other !== seat) other.forget(session)
    seat.arrived(session, statement)
  }

  /** Nobody else has been let run. But who is inside a transaction stays there. */
  #whoseTurn(session: ProxiedSession): Seat | undefined {
    return this.#seats.find((seat) => seat.isInside(session)) ?? this.#turns?.holder
  }

  left(session: ProxiedSession): void {
    for (const seat of this.#seats) seat.left(session)
  }

  /** Ends the run, which cannot be judged. */
  fail(fault: Fault): void {
    this.#seats[0]?.fail(fault)
  }
}

const unexpected = (name: string, statement: Statement): StrategyFault =>
  new StrategyFault(
    `Application "${name}" sent "${showStatement(statement)}" while none of its commands was running: Lockstep cannot tell whose statement it is. Background work has to be switched off.`,
  )
