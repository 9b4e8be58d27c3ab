import type { ActorSession, Lane, StatementOutcome, TransactionState } from '../databases/engine.ts'
import type { Row, Statement } from '../databases/statement.ts'
import {
  DatabaseFault,
  Fault,
  HarnessFault,
  Standstill,
  StepLimitReached,
  StrategyFault,
  describeThrown,
} from '../errors.ts'
import { begins, commitsNothingInside, mayBeSeveral } from '../databases/commits.ts'
import { faultOf } from '../concurrency/stop-signal.ts'
import { actorName, type ActorId, type History, type RunEvent } from '../history.ts'
import type { Grain } from '../grain.ts'
import type { Limits } from '../limits.ts'
import { describeStep, type Gate, type ResultRows, type Step } from '../session.ts'
import type { FaultType, Moment, PlannedFault, Target } from '../faults/fault.ts'
import { PendingFaults, type DueFault, type FaultAt } from '../faults/pending.ts'
import { Alarm } from './alarm.ts'
import {
  chosenActors,
  inTurn,
  overlapsOf,
  type Choice,
  type ChoicePoint,
  type Chooser,
} from './choice.ts'
import { WaitHabits } from './wait-habits.ts'
import { hasCycle, queueBehind } from './wait-graph.ts'

/**
 * - `running`: its own code runs.
 * - `parked`: it asked for a step, which has not been sent; or its statement has stopped at the
 *   server, before the first row it writes.
 * - `sent`: its statement is at the server.
 * - `waiting`: the server has confirmed that the statement waits for a lock.
 */
type ActorState = 'running' | 'parked' | 'sent' | 'waiting' | 'ended'

class Actor {
  readonly id: ActorId
  /** Its connections: mostly one. Those of an application come and go; one that is lost may be replaced. */
  readonly sessions: ActorSession[]
  state: ActorState = 'running'
  request: Step | undefined
  /** The session of the request, where it is not told by the number of the connection. */
  via: ActorSession | undefined
  /** Number of the step that was sent last. */
  step = 0
  resume: ((result: ResultRows<Row>) => void) | undefined
  refuse: ((error: Error) => void) | undefined
  /** The transaction's state before the statement that was sent last. */
  before: TransactionState = 'none'
  /** Whether the statement under way has stopped and gone on, so that the next one would not stop. */
  wentOn = false
  /** When done, the next statement stops again. */
  held: Promise<void> | undefined
  /** What the last `blocked` event said. */
  shownBlockers = ''
  /** Faults that may be what becomes of the statement under way. */
  armed: readonly DueFault<FaultAt<'during'>>[] = []
  /** Whether the wait of the statement under way is about to end by itself. */
  waitEnds = false
  /** Its program has ended in the middle of a command. */
  isDead = false

  constructor(id: ActorId, sessions: ActorSession[]) {
    this.id = id
    this.sessions = sessions
  }

  /** The connection of the step that is parked or under way. */
  get session(): ActorSession {
    const { request, via } = this
    if (via) return via
    const connection = request && request.kind !== 'sleep' ? (request.connection ?? 0) : 0
    const session = this.sessions[connection]
    if (!session) throw new HarnessFault(`Actor ${this.name} has no connection ${connection + 1}.`)
    return session
  }

  get isInside(): boolean {
    return this.sessions.some(({ transaction }) => transaction !== 'none')
  }

  get name(): string {
    return actorName(this.id)
  }
}

/** An actor's code: it does all its steps through the gate. */
export type ActorBody = (port: ActorPort) => Promise<void>

export interface ActorPort {
  /** @param via the session that the step goes over, if it is not one of the actor's by number */
  readonly gate: (step: Step, via?: ActorSession) => ReturnType<Gate>
  /** Whether a transaction is open on any of the actor's connections. */
  isInside(): boolean
  /** Whether no step of the actor is parked or under way. */
  isIdle(): boolean
  /** The session has been closed: nothing goes on until the server has nothing of it any more. */
  closed(session: ActorSession): void
  /** The server has rolled back what was open on a connection that was closed: see `RunEvent`. */
  disconnected(connection: number): void
  /** Ends the run, which cannot be judged. */
  fail(fault: Fault): void
}

export interface SchedulerOptions {
  readonly lane: Lane
  /** The connections of each actor. */
  readonly sessions: readonly ActorSession[][]
  readonly choose: Chooser
  readonly grain: Grain
  readonly limits: Limits
  /**
   * Called when a transaction may have been committed and nothing moves. Until what it returns is
   * done, no step is sent that could commit something else.
   */
  readonly onCommit: () => Promise<void>
  /** Nothing is sent before this has happened. Until then, actors run up to their first steps. */
  readonly ready: Promise<void>
  /** What goes wrong, and when. */
  readonly faults?: readonly PlannedFault[] | undefined
  /** Called when a fault has ended an actor's program in the middle of a command. */
  readonly onDeath?: (actor: ActorId) => void
  /** Name of the code under test, for messages. */
  readonly strategy: string
  /** Why it may not send anything, in a sentence, where that is not what a strategy does wrong. */
  readonly idleHint?: string | undefined
  /** Stops the run at once. */
  readonly signal?: AbortSignal | undefined
}

/**
 * How long to wait for an answer, in milliseconds, before the server is asked about a statement that
 * has never waited on this lane. It costs this much once per statement. A short time would cost more:
 * a timer that is set and cleared within microseconds for every step slows every step down.
 */
const graceMs = 20
/** The shortest pause between two questions about the same statement, in milliseconds. */
const shortestPauseMs = 1
/**
 * How long a circle of waits must stand before it counts as one that the server does not see, in
 * milliseconds. Only where that happens: see `Engine.breaksEveryCircle`. Were it too short, a victim
 * could be told while the next step is on its way, and the run would differ from its replay.
 */
const standingCircleMs = 50
/** The longest pause between two questions about the same statement, in milliseconds. */
const longestPauseMs = 10

/**
 * Runs actors one step at a time. A step is sent only when nothing else moves: every other statement
 * has completed or is confirmed by the server to wait for a lock, and every actor whose statement
 * completed has parked again or ended. That is what "settled" means below.
 */
export class Scheduler {
  readonly events: RunEvent[] = []
  /** Every scheduling point, with the index that was chosen there. */
  readonly choices: Choice[] = []
  readonly #options: SchedulerOptions
  readonly #actors: readonly Actor[]
  readonly #habits: WaitHabits
  #steps = 0
  #last: ActorId = 0
  /** Who waits for whom, as confirmed; complete whenever settled. */
  #waitsFor = new Map<ActorId, readonly ActorId[]>()
  #strangers = new Map<ActorId, readonly string[]>()
  /** Since when some actors wait for one another in a circle. */
  #circleSince: number | undefined
  /** Statements answered so far: an answer about waits is stale when this changed meanwhile. */
  #answers = 0
  /** Whether a confirmed wait is in doubt, and the server has not been asked about it since. */
  #hasDoubts = false
  #mayHaveCommitted = false
  /** What `onCommit` returned last. */
  #observation: Promise<void> | undefined
  /** Events since the last time everything was settled, by actor. */
  #unsorted = new Map<ActorId, RunEvent[]>()
  /** Until the server has nothing any more of the sessions that have been closed. */
  #closing: Promise<void> | undefined
  #fault: Fault | undefined
  #wake: (() => void) | undefined
  /** The plan's faults, if it has any. */
  readonly #faults: PendingFaults | undefined
  /** Sessions that a fault of the plan has ended, or may be about to. */
  readonly #struck = new Set<ActorSession>()
  /** Those of them whose actors have been told, by a statement that has failed. */
  readonly #heardOf = new Set<ActorSession>()
  #serverWasKilled = false
  /** What some session has been armed with. */
  readonly #everArmed = new Set<FaultAt<'during'>>()
  readonly #alarm = new Alarm()

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#actors = options.sessions.map((sessions, id) => new Actor(id, sessions))
    this.#habits = WaitHabits.of(options.lane)
    if (options.faults?.length) this.#faults = new PendingFaults(options.faults)
  }

  /** Whether a fault of the plan has struck. */
  get hasStruck(): boolean {
    return this.#struck.size > 0
  }

  /** Whether a fault of the plan has ended every connection. */
  get serverWasKilled(): boolean {
    return this.#serverWasKilled
  }

  /** Whether the run cannot be judged any more. */
  get isStopped(): boolean {
    return this.#fault !== undefined
  }

  /** @throws {Fault} that has come up since all bodies ended. */
  check(): void {
    if (this.#fault) throw this.#fault
  }

  /** Number of steps sent so far. */
  get steps(): number {
    return this.#steps
  }

  /** Runs all bodies to their ends. Throws the first `Fault`; statements may then still be under way. */
  async run(bodies: readonly ActorBody[]): Promise<void> {
    const { signal } = this.#options
    const interrupt = (): void => {
      if (signal) this.#stop(faultOf(signal))
    }
    signal?.addEventListener('abort', interrupt)
    if (signal?.aborted) interrupt()
    try {
      await this.#run(bodies)
    } catch (thrown) {
      this.#fault ??= toFault(thrown)
      throw thrown
    } finally {
      this.#alarm.end()
      signal?.removeEventListener('abort', interrupt)
    }
  }

  async #run(bodies: readonly ActorBody[]): Promise<void> {
    for (const actor of this.#actors) this.#start(actor, bodies[actor.id])
    await this.#settle(0)
    await this.#options.ready
    if (this.#options.grain === 'phase') await this.#holdAll()
    for (;;) {
      const enabled = this.#enabled()
      if (enabled.length === 0) break
      const actors = this.#chooseFrom(enabled)
      if (this.#faults) await this.#stepWithFaults(this.#faults, actors)
      else await this.#stepInTurn(actors)
    }
    this.#flush()
  }

  async #stepInTurn(actors: readonly Actor[]): Promise<void> {
    if (this.#observation && !actors.every(staysInside)) await this.#observedIfPossible()
    for (const { held } of actors) if (held) await held
    await this.#step(actors)
  }

  async #stepWithFaults(faults: PendingFaults, actors: readonly Actor[]): Promise<void> {
    // What a fault lets go of may commit something at once.
    if (this.#observation) await this.#observedIfPossible()
    await this.#stepInTurn(await this.#struckBefore(faults, actors))
    await this.#strikeWaiting(faults)
  }

  /** Makes every statement stop from now on. Mostly they still would, from the run before. */
  async #holdAll(): Promise<void> {
    const { lane, sessions } = this.#options
    await Promise.all(sessions.flat().map((session) => lane.hold(session)))
  }

  /** Notes an event of an actor, in the place that a deterministic history gives it. */
  record(event: RunEvent): void {
    const events = this.#unsorted.get(event.actor)
    if (events) events.push(event)
    else this.#unsorted.set(event.actor, [event])
  }

  #start(actor: Actor, body: ActorBody | undefined): void {
    if (!body) throw new HarnessFault(`Actor ${actor.name} has a session and no commands.`)
    const port: ActorPort = {
      gate: (request, via) => this.#park(actor, request, via),
      isInside: () => actor.isInside,
      isIdle: () => actor.state === 'running',
      closed: (session) => this.#awaitEnd(session),
      disconnected: (connection) => {
        const which = connection === 0 ? {} : { connection }
        this.record({ kind: 'disconnected', actor: actor.id, ...which })
      },
      fail: (fault) => this.#stop(fault),
    }
    body(port).then(
      () => this.#end(actor),
      (thrown: unknown) => this.#stop(toFault(thrown)),
    )
  }

  /** What the server lets go of then may let others go on. */
  #awaitEnd(session: ActorSession): void {
    const ended = Promise.all([this.#closing, this.#options.lane.untilEnded(session)])
      .catch((thrown: unknown) => this.#stop(toFault(thrown)))
      .then(() => {
        if (this.#closing === ended) this.#closing = undefined
        this.#answers += 1
        this.#doubtWaits()
        this.#notify()
      })
    this.#closing = ended
  }

  #end(actor: Actor): void {
    actor.state = 'ended'
    this.#notify()
  }

  /**
   * The gate. Once the run has been stopped the promise never settles: the strategy's code is left
   * where it is, rather than being sent down an error path that it would report to nobody.
   */
  #park(actor: Actor, request: Step, via?: ActorSession): Promise<ResultRows<Row>> {
    if (actor.isDead) return new Promise(() => {})
    if (actor.state !== 'running') this.#stop(this.#overlap(actor, request))
    if (this.#fault) return new Promise(() => {})
    actor.state = 'parked'
    actor.request = request
    actor.via = via
    this.record({ kind: 'parked', actor: actor.id, request })
    const result = new Promise<ResultRows<Row>>((resolve, reject) => {
      actor.resume = resolve
      actor.refuse = reject
    })
    result.catch(() => {}) // see Gate
    this.#notify()
    return result
  }

  #overlap(actor: Actor, request: Step): StrategyFault {
    const { strategy } = this.#options
    const when =
      actor.state === 'ended' || actor.request === undefined
        ? 'after its commands had ended'
        : `while ${showRequest(actor.request)} was still under way`
    return new StrategyFault(
      `Strategy "${strategy}" sent ${showRequest(request)} as actor ${actor.name} ${when}: a session does one statement at a time, so await each before the next.`,
    )
  }

  /** Resolves when all states that were to be read have been read. */
  async observed(): Promise<void> {
    await this.#observation
    this.#observation = undefined
  }

  /**
   * Before something else may be committed, the state has to have been read. But an actor that was
   * released by the commit may have locked a whole table by now, and keep even a reader waiting. Then
   * nobody can see that state, and the step has to go on, as it may be what releases the lock.
   */
  async #observedIfPossible(): Promise<void> {
    const observation = this.#observation?.then(() => true)
    while (!(await Promise.race([observation, pause(graceMs)]))) {
      if (await this.#options.lane.isObservationBlocked()) return
    }
    this.#observation = undefined
  }

  /** The parked actors in the order that gives a choice its meaning. */
  #enabled(): Actor[] {
    const parked = this.#actors.filter(({ state }) => state === 'parked').map(({ id }) => id)
    return inTurn(parked, this.#last, this.#actors.length).map((id) => this.#actor(id))
  }

  /** One actor, or in grain `overlap` perhaps several. */
  #chooseFrom(actors: readonly Actor[]): readonly Actor[] {
    const enabled = actors.map(({ id }) => id)
    const point: ChoicePoint = {
      step: this.#steps + 1,
      enabled,
      requests: actors.map(({ request }) => request as Step),
      ...(this.#options.grain === 'overlap' && { overlaps: overlapsOf(senders(actors)) }),
    }
    const chosen = this.#options.choose(point, () => this.#history())
    const ids = chosenActors(point, chosen)
    if (!ids) {
      throw new HarnessFault(`The explorer chose ${chosen} of ${enabled.length} enabled actors.`)
    }
    this.choices.push({ point, chosen })
    return ids.map((id) => this.#actor(id))
  }

  #step(actors: readonly Actor[]): Promise<void> {
    this.#steps += 1
    if (this.#steps > this.#options.limits.steps) {
      throw new StepLimitReached(
        `The run was stopped after ${this.#options.limits.steps} steps: strategy "${this.#options.strategy}" may never end. A retry loop has to stop after session.attempts.`,
        this.events.filter(({ kind }) => kind === 'failed').length,
      )
    }
    for (const actor of actors) this.#begin(actor)
    const asksAtOnce = actors.some((actor) => this.#asksAtOnce(actor))
    this.#turn(actors) // while the server is at work
    for (const actor of actors) {
      if (actor.request?.kind !== 'sleep') continue
      this.#complete(actor, { rows: [], affectedRows: 0 }, actor.session.transaction)
    }
    return this.#settle(asksAtOnce ? 0 : graceMs)
  }

  /** Whether the step may well wait, or stop without saying so. */
  #asksAtOnce(actor: Actor): boolean {
    const { request } = actor
    if (!request || request.kind === 'sleep') return true
    const mayStop = this.#options.grain === 'phase' && request.kind === 'statement'
    if (mayStop && this.#habits.mayStop(request.statement)) return true
    return this.#habits.mayWait(request.statement) && this.#othersAreInside(actor)
  }

  #begin(actor: Actor): void {
    const { request } = actor
    if (request?.kind === 'statement') this.#send(actor, request.statement)
    else if (request?.kind === 'phase') this.#goOn(actor)
  }

  /** What a fault may strike: the step that the actor is at, which is parked or under way. */
  #targetOf({ request, session }: Actor): Target {
    return { step: request as Step, session, engine: this.#options.lane.engine.name }
  }

  /** What strikes before the actors' statements are sent, and who of them is alive then. */
  async #struckBefore(faults: PendingFaults, actors: readonly Actor[]): Promise<readonly Actor[]> {
    for (const actor of actors) {
      if (actor.request?.kind === 'statement') await this.#reconnect(actor, actor.request)
      for (const fault of this.#due(faults, actor, 'before')) {
        // The first of them may have left nothing for the others.
        if (!actor.isDead && fault.type.canStrike(this.#targetOf(actor))) {
          await this.#strike(faults, actor, fault)
        }
      }
      if (!actor.isDead) await this.#arm(faults, actor)
    }
    return actors.filter(({ isDead }) => !isDead)
  }

  #due<At extends Moment>(
    faults: PendingFaults,
    actor: Actor,
    moment: At,
  ): readonly DueFault<FaultAt<At>>[] {
    return actor.request
      ? faults.due(actor.id, moment, this.#targetOf(actor), moment === 'waiting')
      : []
  }

  /**
   * An actor that has heard that its connection is lost goes on over a new one, but for what was part of
   * the same transaction. An application opens its own.
   */
  async #reconnect(actor: Actor, request: Step & { kind: 'statement' }): Promise<void> {
    const { session } = actor
    if (!this.#heardOf.has(session) || request.isOrphan || actor.via) return
    const fresh = await this.#options.lane.replace(session)
    actor.sessions.splice(actor.sessions.indexOf(session), 1, fresh)
    if (this.#options.grain === 'phase') await this.#options.lane.hold(fresh)
    this.#flush()
    const { connection } = request
    const which = connection === undefined ? {} : { connection }
    this.record({ kind: 'reconnected', actor: actor.id, ...which })
    this.#flush()
  }

  /** What the fault lets go of may let others go on, as far as they come, before anything else happens. */
  async #strike(
    faults: PendingFaults,
    actor: Actor,
    fault: DueFault<FaultAt<'before'>>,
  ): Promise<void> {
    const { type } = fault
    const { session, sessions } = actor
    const { lane } = this.#options
    faults.struck(fault)
    this.#noteFault(actor, this.#steps + 1, type)
    const ended = { session: [session], program: sessions, server: lane.opened }[type.ends]
    for (const each of ended) this.#struck.add(each)
    if (type.ends === 'program') this.#die(actor)
    if (type.ends === 'server') await this.#leaveServer()
    await type.strike({ lane, session, sessions })
    this.#answers += 1
    this.#doubtWaits()
    await this.#settle(0)
  }

  /** The server is about to be killed: nothing of Lockstep's own is to be under way. */
  async #leaveServer(): Promise<void> {
    this.#serverWasKilled = true
    for (const { held } of this.#actors) await held
    // What is still being read waits for a lock of somebody's, and will not be answered.
    this.#observation = undefined
  }

  /** It comes before all that it lets happen, and after what has happened by then. */
  #noteFault(actor: Actor, step: number, { name }: FaultType): void {
    this.#flush()
    this.record({ kind: 'fault', actor: actor.id, step, fault: name })
    this.#flush()
  }

  #die(actor: Actor): void {
    actor.isDead = true
    actor.state = 'ended'
    this.#options.onDeath?.(actor.id)
    this.#flush()
  }

  async #arm(faults: PendingFaults, actor: Actor): Promise<void> {
    if (!actor.request || actor.request.kind !== 'statement') return
    const { session, sessions } = actor
    actor.armed = []
    if (session.transaction === 'failed') return // it does nothing, and takes no setting
    const scene = { lane: this.#options.lane, session, sessions }
    actor.armed = this.#due(faults, actor, 'during')
    // An application's session may have been armed for another actor.
    for (const type of this.#everArmed) {
      if (!actor.armed.some((other) => other.type === type)) await type.disarm(scene)
    }
    for (const { type } of actor.armed) {
      this.#everArmed.add(type)
      await type.arm(scene)
    }
    actor.waitEnds = actor.armed.some(({ type }) => type.endsWaits)
  }

  /** What strikes those who wait, one after the other, until nobody is left to strike. */
  async #strikeWaiting(faults: PendingFaults): Promise<void> {
    for (;;) {
      const [next] = this.#actors
        .filter(({ state }) => state === 'waiting')
        .flatMap((each) => this.#due(faults, each, 'waiting').map((due) => [each, due] as const))
      if (!next) return
      const [actor, fault] = next
      const { session, sessions } = actor
      faults.struck(fault)
      this.#noteFault(actor, actor.step, fault.type)
      actor.waitEnds = true
      await fault.type.strike({ lane: this.#options.lane, session, sessions })
      this.#answers += 1
      this.#doubtWaits()
      await this.#settle(0)
    }
  }

  /** Of the faults that the statement was sent with, that which has struck, if one has. */
  #noteStruck(actor: Actor, outcome: StatementOutcome): void {
    actor.waitEnds = false
    const fault = actor.armed.find(({ type }) => type.hasStruck(outcome))
    actor.armed = []
    if (!fault) return
    this.#faults?.struck(fault)
    const { name } = fault.type
    const done = outcome.ok || outcome.wasDone === undefined ? {} : { wasDone: outcome.wasDone }
    this.record({ kind: 'fault', actor: actor.id, step: actor.step, fault: name, ...done })
    if (actor.session.isLost) this.#struck.add(actor.session)
  }

  #send(actor: Actor, statement: Statement): void {
    const { session } = actor
    const queue = this.#queueBehind(actor)
    actor.state = 'sent'
    actor.before = session.transaction
    const stop = this.#options.grain === 'phase' ? () => this.#stopped(actor) : undefined
    const outcome = session.execute(statement, queue, stop)
    const last = this.#faults ? outcome.then((each) => this.#whenEnded(session, each)) : outcome
    last.then(
      (each) => this.#answered(actor, each),
      (thrown: unknown) => this.#stop(toFault(thrown)),
    )
  }

  /** Sends the rest of a statement on its way, which has stopped. */
  #goOn(actor: Actor): void {
    actor.state = 'sent'
    actor.wentOn = true
    this.#options.lane
      .release(actor.session, this.#queueBehind(actor))
      .catch((thrown: unknown) => this.#stop(toFault(thrown)))
  }

  /** The sessions of those who wait for the actor, directly or through others. */
  #queueBehind(actor: Actor): ActorSession[] {
    return queueBehind(actor.id, this.#waitsFor).map((id) => this.#actor(id).session)
  }

  /** The server says that the actor's statement has stopped: the rest of it is a step of its own. */
  #stopped(actor: Actor): void {
    const { request } = actor
    if (request?.kind !== 'statement' || this.#fault) return
    this.#answers += 1
    this.#unblocked(actor)
    this.#waitsFor.delete(actor.id)
    this.#doubtWaits() // it may have let go of rows that it will not write
    actor.state = 'parked'
    actor.request = { ...request, kind: 'phase' }
    this.record({ kind: 'parked', actor: actor.id, request: actor.request })
    this.#notify()
  }

  /** Closes what the history says of the step before, and begins with this one. */
  #turn(actors: readonly Actor[]): void {
    this.#flush()
    this.#last = actors[0]?.id ?? this.#last
    for (const actor of actors) {
      actor.step = this.#steps
      const request = actor.request as Step
      this.#faults?.took(actor.id, { step: request })
      this.record({ kind: 'sent', actor: actor.id, step: actor.step, request })
    }
  }

  #othersAreInside(actor: Actor): boolean {
    return this.#actors.some(
      (other) =>
        (other !== actor &&
          (other.isInside || other.state === 'sent' || other.request?.kind === 'phase')) ||
        (other === actor &&
          actor.sessions.some((each) => each !== actor.session && each.transaction !== 'none')),
    )
  }

  /** Where a fault has broken the connection, the server has nothing of it any more when the actor hears. */
  async #whenEnded(session: ActorSession, outcome: StatementOutcome): Promise<StatementOutcome> {
    if (!outcome.ok && outcome.wasDone !== undefined) await this.#options.lane.untilEnded(session)
    return outcome
  }

  #answered(actor: Actor, outcome: StatementOutcome): void {
    this.#answers += 1
    this.#noteStruck(actor, outcome)
    const isLost = !outcome.ok && outcome.error.errorClass === 'connection lost'
    if (isLost && !this.#struck.has(actor.session)) {
      this.#stop(
        new DatabaseFault(
          `The connection of actor ${actor.name} was lost during ${showRequest(actor.request)}: ${outcome.error.message}.`,
        ),
      )
      return
    }
    if (isLost) this.#heardOf.add(actor.session)
    if (mayCommit(actor.request, actor.before, outcome.transaction)) this.#mayHaveCommitted = true
    this.#unblocked(actor)
    this.#doubtWaits()
    if (actor.wentOn && !actor.session.isLost) this.#holdAgain(actor)
    actor.wentOn = false
    if (outcome.ok) this.#complete(actor, outcome, outcome.transaction)
    else this.#refuse(actor, outcome)
  }

  #unblocked(actor: Actor): void {
    if (actor.shownBlockers === '') return
    this.record({ kind: 'unblocked', actor: actor.id, step: actor.step })
    actor.shownBlockers = ''
  }

  /** Its next statement is to stop as well. By the time it is sent, this is mostly done. */
  #holdAgain(actor: Actor): void {
    actor.wentOn = false
    actor.held = this.#options.lane.hold(actor.session)
    actor.held.catch((thrown: unknown) => this.#stop(toFault(thrown)))
  }

  /** Any statement's end may have handed a lock on, so every waiter has to be confirmed afresh. */
  #doubtWaits(): void {
    this.#circleSince = undefined
    if (this.#waitsFor.size === 0) return
    for (const id of this.#waitsFor.keys()) this.#actor(id).state = 'sent'
    this.#waitsFor.clear()
    this.#hasDoubts = true
  }

  #complete(
    actor: Actor,
    { rows, affectedRows }: { readonly rows: readonly Row[]; readonly affectedRows: number },
    transaction: TransactionState,
  ): void {
    actor.state = 'running'
    this.record({
      kind: 'completed',
      actor: actor.id,
      step: actor.step,
      rows,
      affectedRows,
      transaction,
    })
    actor.resume?.(Object.assign([...rows], { affectedRows }))
  }

  #refuse(actor: Actor, outcome: Extract<StatementOutcome, { ok: false }>): void {
    const { errorClass, code, message } = outcome.error
    actor.state = 'running'
    this.record({
      kind: 'failed',
      actor: actor.id,
      step: actor.step,
      error: { errorClass, code, message },
      transaction: outcome.transaction,
    })
    actor.refuse?.(outcome.error)
  }

  /** Returns when nothing moves. `firstQuestionMs`: how long to wait before the server is asked. */
  async #settle(firstQuestionMs: number): Promise<void> {
    const { limits } = this.#options
    const startedAt = performance.now()
    let pauseMs = firstQuestionMs
    for (;;) {
      if (this.#fault) throw this.#fault
      if (this.#closing) {
        await this.#closing
        continue
      }
      if (this.#some('running')) {
        if (!(await this.#changed(limits.strategyMs))) throw this.#hung()
        continue
      }
      if (this.#isSettled()) break
      if (this.#hasDoubts) pauseMs = 0 // what waited a moment ago mostly still does
      this.#hasDoubts = false
      if (pauseMs > 0 && (await this.#changed(pauseMs))) continue
      if (performance.now() - startedAt > limits.statementMs) throw this.#unanswered()
      await this.#changedOrConfirmed()
      pauseMs = Math.min(longestPauseMs, pauseMs === 0 ? shortestPauseMs : pauseMs * 2)
    }
    for (const [id, by] of this.#waitsFor) this.#recordBlocked(this.#actor(id), by)
    if (this.#mayHaveCommitted) {
      this.#mayHaveCommitted = false
      const [before, next] = [this.#observation, this.#options.onCommit()]
      this.#observation = before ? Promise.all([before, next]).then(() => {}) : next
      this.#observation.catch(() => {}) // whoever awaits it hears of it
    }
  }

  #isSettled(): boolean {
    if (this.#some('sent')) return false
    if (this.#waitsFor.size === 0) return true
    // With nobody left to go on, only the database can move.
    return this.#some('parked') && !this.#isCircleAboutToBreak()
  }

  #isCircleAboutToBreak(): boolean {
    if (!hasCycle(this.#waitsFor)) return false
    // Where everybody waits for one other only, there is no other one to have been followed.
    const isPlain = [...this.#waitsFor.values()].every(({ length }) => length === 1)
    if (this.#options.lane.engine.breaksEveryCircle || isPlain) return true
    return performance.now() - (this.#circleSince ?? Infinity) < standingCircleMs
  }

  /** Asks about waits, but does not wait for an answer that a change has made worthless. */
  #changedOrConfirmed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve
      this.#confirmWaits().then(() => {
        if (this.#wake === resolve) this.#wake = undefined
        resolve()
      }, reject)
    })
  }

  /** Asks the server which of the statements under way wait, and believes only an answer in time. */
  async #confirmWaits(): Promise<void> {
    const asked = this.#actors.filter(({ state }) => state === 'sent' || state === 'waiting')
    if (asked.length === 0) return
    const answers = this.#answers
    const waits = await this.#options.lane.waits(asked.map(({ session }) => session))
    if (answers !== this.#answers) return
    this.#strangers.clear()
    const stopped = new Set(waits.filter((wait) => wait.stopped).map(({ session }) => session))
    for (const actor of asked) {
      if (stopped.has(actor.session)) continue
      const wait = waits.find(({ session }) => session === actor.session)
      const blockers = wait?.blockers.map((session) => this.#actorOf(session)) ?? []
      if (wait && wait.strangers.length > 0) this.#strangers.set(actor.id, wait.strangers)
      const isConfirmed = blockers.length > 0 && wait?.strangers.length === 0
      const confirmed = isConfirmed && !actor.waitEnds
      actor.state = confirmed ? 'waiting' : 'sent'
      if (confirmed) this.#waitsFor.set(actor.id, blockers)
      else this.#waitsFor.delete(actor.id)
    }
    if (hasCycle(this.#waitsFor)) this.#circleSince ??= performance.now()
    else this.#circleSince = undefined
    for (const actor of asked) {
      if (!stopped.has(actor.session)) continue
      if (actor.request?.kind === 'statement') this.#habits.stopped(actor.request.statement)
      this.#stopped(actor)
    }
  }

  #history(): History {
    this.#flush()
    return this.events
  }

  /** Moves the events of a step into the history: of the actor that was chosen first, then in order. */
  #flush(): void {
    this.#move(this.#last)
    for (const { id } of this.#actors) this.#move(id)
  }

  #move(actor: ActorId): void {
    const events = this.#unsorted.get(actor)
    if (!events) return
    this.events.push(...events)
    this.#unsorted.delete(actor)
  }

  #recordBlocked(actor: Actor, blockers: readonly ActorId[]): void {
    const by = blockers.toSorted((a, b) => a - b)
    const shown = by.join()
    if (shown === actor.shownBlockers) return
    actor.shownBlockers = shown
    const { request } = actor
    if (request && request.kind !== 'sleep') this.#habits.waited(request.statement)
    this.record({ kind: 'blocked', actor: actor.id, step: actor.step, by })
  }

  #some(state: ActorState): boolean {
    return this.#actors.some((actor) => actor.state === state)
  }

  #actor(id: ActorId): Actor {
    const actor = this.#actors[id]
    if (!actor) throw new HarnessFault(`There is no actor ${id}.`)
    return actor
  }

  #actorOf(session: ActorSession): ActorId {
    const actor = this.#actors.find(({ sessions }) => sessions.includes(session))
    if (!actor) throw new HarnessFault('A session that belongs to no actor holds a lock.')
    return actor.id
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  /** Resolves with true at the next change, or with false when there was none for `ms`. */
  #changed(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#alarm.set(ms, () => {
        this.#wake = undefined
        resolve(false)
      })
      this.#wake = () => {
        this.#alarm.clear()
        resolve(true)
      }
    })
  }

  #stop(fault: Fault): void {
    this.#fault ??= fault
    this.#notify()
  }

  #hung(): StrategyFault {
    const names = this.#actors.filter(({ state }) => state === 'running').map(({ name }) => name)
    return new StrategyFault(
      `Strategy "${this.#options.strategy}" hangs: actor ${names.join(', ')} neither sent a statement nor ended within ${this.#options.limits.strategyMs} ms. ${this.#options.idleHint ?? ownIdleHint}`,
    )
  }

  #unanswered(): Fault {
    const stuck = this.#actors.filter(({ state }) => state === 'sent' || state === 'waiting')
    const reasons = stuck.map((actor) => this.#whyStuck(actor))
    const limit = `within ${this.#options.limits.statementMs} ms`
    if (stuck.every(({ state }) => state === 'waiting')) {
      return new Standstill(
        `Strategy "${this.#options.strategy}" came to a standstill: ${reasons.join('; ')}; nobody is left to go on, and the database did not break it ${limit}.`,
      )
    }
    return new DatabaseFault(
      `A statement neither completed nor was confirmed to wait for another actor ${limit}: ${reasons.join('; ')}.`,
    )
  }

  #whyStuck(actor: Actor): string {
    const what = `actor ${actor.name} is in ${showRequest(actor.request)}`
    const blockers = this.#waitsFor.get(actor.id)
    const strangers = this.#strangers.get(actor.id)
    if (blockers) return `${what}, waiting for ${blockers.map(actorName).join(', ')}`
    if (strangers) return `${what}, waiting for ${strangers.join(', ')}, which is not of this run`
    return `${what}, which the server does not report as waiting for a lock`
  }
}

const ownIdleHint = 'Waiting goes through session.sleep, and every statement through the session.'

/** Those who are about to send a statement. */
const senders = (actors: readonly Actor[]): ActorId[] =>
  actors.filter(({ request }) => request?.kind === 'statement').map(({ id }) => id)

function toFault(thrown: unknown): Fault {
  return thrown instanceof Fault ? thrown : new HarnessFault(describeThrown(thrown))
}

const pause = (ms: number): Promise<false> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(false), ms).unref()
  })

/** Whether the actor's step can change nothing that others see: it begins a transaction or stays in it. */
function staysInside({ request, session }: Actor): boolean {
  if (!request || request.kind === 'sleep') return false
  const text = request.statement.parts.join('?')
  if (mayBeSeveral(text)) return false
  if (session.transaction === 'open') return /^\s*(select|insert|update|delete|with)\b/i.test(text)
  return session.transaction === 'none' && /^\s*begin\b/i.test(text)
}

/** Whether others may see something new after a step that left its session in this state. */
function mayCommit(
  request: Step | undefined,
  before: TransactionState,
  after: TransactionState,
): boolean {
  if (!request || request.kind === 'sleep') return false
  const text = request.statement.parts.join('?')
  // COMMIT AND CHAIN, a procedure, or a text of several statements can commit and be inside again. So
  // does BEGIN in InnoDB, which commits what it finds open.
  if (after !== 'none') return !(before === 'none' && begins(text)) && !commitsNothingInside(text)
  return !/^\s*rollback\s*$/i.test(text)
}

function showRequest(request: Step | undefined): string {
  if (!request) return 'a statement'
  return request.kind === 'sleep' ? describeStep(request) : `"${describeStep(request)}"`
}
