import { forEngine, type ActorSession, type Lane, type Rows } from './databases/engine.ts'
import { mayMakeTables } from './databases/creations.ts'
import { DatabaseError } from './databases/database-error.ts'
import {
  DatabaseFault,
  Fault,
  HarnessFault,
  StrategyFault,
  describeThrown,
  whereThrown,
} from './errors.ts'
import { whyNot } from './faults/index.ts'
import type { Grain } from './grain.ts'
import { actorName, type ActorId, type History } from './history.ts'
import type { Observation, PerformedCommand, Violation } from './invariant.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { violationsIn } from './oracles/judgement.ts'
import type { Plan } from './plan.ts'
import { aborted, isReply, unknown, type Reply } from './reply.ts'
import { planned, type Choice, type Chooser } from './scheduler/choice.ts'
import { Scheduler, type ActorBody, type ActorPort } from './scheduler/scheduler.ts'
import { ApplicationHost } from './application/host.ts'
import type { DeskRun } from './application/desk.ts'
import type { Seat } from './application/seat.ts'
import { executeNaively } from './concurrency/naive.ts'
import { openSession, type ActorProcess, type Gate } from './session.ts'
import { followStrikes, soundsLost } from './stray.ts'
import type { Strategy } from './strategy.ts'
import type { AnyCommand } from './workload.ts'

/** One run, as it went. */
export interface RunRecord {
  readonly observation: Observation<Rows, AnyCommand>
  readonly history: History
  readonly choices: readonly Choice[]
  /** Statements and sleeps of all actors. */
  readonly steps: number
}

/** What a run needs: see {@link executeRun}. */
export interface RunOptions {
  /** Prepared for the strategy, and the grain: see {@link prepareLane}. */
  readonly lane: Lane
  readonly strategy: Strategy
  readonly plan: Plan
  /** Makes the choices; by default those of the plan. */
  readonly choose?: Chooser
  /** How finely statements interleave; by default one at a time. */
  readonly grain?: Grain | undefined
  readonly limits?: Limits | undefined
  /** Stops the run at once, with a fault. */
  readonly signal?: AbortSignal | undefined
}

/** Creates the tables a strategy runs on. Once per lane, strategy and grain, not per run. */
export async function prepareLane(
  lane: Lane,
  strategy: Strategy,
  grain: Grain = 'statement',
): Promise<void> {
  const changes = forEngine(lane.engine.name, strategy.schema)
  try {
    await lane.prepare(strategy.workload.tables, changes)
  } catch (error) {
    if (changes.length === 0 || !(error instanceof DatabaseFault)) throw error
    throw new StrategyFault(
      `The tables of strategy "${strategy.name}" cannot be made, perhaps because of its schema: ${error.message}`,
    )
  }
  ApplicationHost.settle(lane, strategy)
  if (grain === 'phase') await lane.addStops()
}

/**
 * Runs a plan once.
 *
 * @throws {Fault} when the run cannot be judged. The lane can be used again.
 */
export async function executeRun(options: RunOptions): Promise<RunRecord> {
  const { lane, plan, strategy, grain = 'statement' } = options
  for (const { kind } of plan.faults ?? []) {
    const reason = whyNot(kind, strategy, lane)
    if (reason) throw new HarnessFault(`The plan has a fault "${kind}", and ${reason}.`)
  }
  if (lane.stops !== (grain === 'phase')) {
    throw new HarnessFault(`The lane was not prepared for grain "${grain}".`)
  }
  const host = ApplicationHost.of(lane)
  try {
    if (host) await makeReady(host, options)
    const sessions = await lane.sessions(plan.actors.length * options.strategy.connections)
    const ready = lane.reset(plan.initial)
    ready.catch(() => undefined) // the run awaits it, unless something else stops it before
    const run = new Run(options, sessions, ready, host)
    const record = await run.execute()
    // An application would find out some time that connections which it does not use are gone.
    if (host && run.serverWasKilled) await lane.recover()
    if (hasMadeTables(record)) await lane.noticeMadeTables()
    lane.anticipate(plan.initial)
    return record
  } catch (error) {
    // Statements may still be under way. If the server is gone, what is known already says so.
    await (host ? lane.recover() : recoverTables(lane)).catch(() => undefined)
    throw error
  } finally {
    host?.desk.end()
  }
}

/** It may have been stopped after it had dropped a table, or made one. */
async function recoverTables(lane: Lane): Promise<void> {
  await lane.recover()
  await lane.noticeMadeTables()
}

const hasMadeTables = ({ history }: RunRecord): boolean =>
  history.some(
    (event) =>
      event.kind === 'sent' &&
      event.request.kind === 'statement' &&
      mayMakeTables(event.request.statement),
  )

/**
 * Applications open connections when they need them, and some then ask the server this and that. They have
 * done so before the first run of so many actors, as far as doing the same commands all at once makes them.
 */
async function makeReady(
  host: ApplicationHost,
  { lane, strategy, plan, signal, limits = defaultLimits }: RunOptions,
): Promise<void> {
  const actors = plan.actors.length
  // By then it runs, for that many: see `ApplicationHost.interrupt`.
  if (host.warmFor >= actors) return
  const { statementMs: limitMs } = limits
  await executeNaively({ lane, strategy, plan, coordination: 'barrier', limitMs, signal })
  host.warmFor = actors
}

/** What a run broke, in the order of the workload's invariants, with serial equivalence at the end. */
export const judge = (
  { workload }: Strategy,
  { observation }: Pick<RunRecord, 'observation'>,
): Violation[] => violationsIn(workload, observation)

class Run {
  readonly #options: RunOptions
  readonly #scheduler: Scheduler
  readonly #host: ApplicationHost | undefined
  readonly #desk: DeskRun | undefined
  /** The sessions of each actor. */
  readonly #sessions: readonly ActorSession[][]
  readonly #committed: Rows[] = []
  readonly #processes: readonly ActorProcess[] = [0, 1].map((id) => ({ id, memory: new Map() }))
  /** The actors that have used the memory of their process. */
  readonly #sharing = new Set<ActorId>()
  /** The command that each actor has begun last. */
  readonly #underWay = new Map<ActorId, number>()
  /** Number of steps sent when the state was last observed. */
  #observedAt = -1

  constructor(
    options: RunOptions,
    sessions: readonly ActorSession[],
    ready: Promise<void>,
    host: ApplicationHost | undefined,
  ) {
    this.#options = options
    this.#host = host
    this.#desk = host?.desk.begin()
    this.#sessions = options.plan.actors.map((_, actor) => {
      const { length } = options.plan.actors
      return sessions.filter((_session, index) => index % length === actor)
    })
    this.#scheduler = new Scheduler({
      lane: options.lane,
      sessions: this.#sessions,
      ready,
      choose: options.choose ?? planned(options.plan.schedule),
      grain: options.grain ?? 'statement',
      limits: options.limits ?? defaultLimits,
      onCommit: () => this.#observe(),
      faults: options.plan.faults,
      onDeath: (actor) => this.#leaveUnanswered(actor),
      strategy: options.strategy.name,
      idleHint: host?.idleHint,
      signal: options.signal,
    })
    if (host) followStrikes(() => this.#scheduler.hasStruck)
  }

  get serverWasKilled(): boolean {
    return this.#scheduler.serverWasKilled
  }

  async execute(): Promise<RunRecord> {
    const { plan, strategy } = this.#options
    await this.#scheduler.run(plan.actors.map((commands, actor) => this.#body(actor, commands)))
    const { events, choices, steps } = this.#scheduler
    if (steps === 0) {
      throw new StrategyFault(
        `Strategy "${strategy.name}" sent no statement, so there was nothing to interleave: its statements must go through the session it is given.`,
      )
    }
    const commands = performedCommands(plan, events) // while the state is still on its way
    await this.#scheduler.observed()
    if (this.#observedAt !== steps) await this.#observe()
    // A pool may still hold connections that a fault has broken: they are found out before the next run.
    if (this.#host && this.#scheduler.hasStruck) {
      this.#host.warmFor = 0
      this.#host.wasStruck = true
    }
    // An application may have gone on when its commands had ended.
    this.#scheduler.check()
    const observation = {
      initial: plan.initial,
      commands,
      committed: this.#committed,
      final: this.#committed.at(-1) ?? plan.initial,
    }
    return { observation, history: events, choices, steps }
  }

  async #observe(): Promise<void> {
    this.#observedAt = this.#scheduler.steps // by now; while it is read, others may go on
    this.#committed.push(await this.#options.lane.observe())
  }

  #body(actor: ActorId, commands: readonly AnyCommand[]): ActorBody {
    return async (port) => {
      const seat = this.#desk?.seat(actor, port, this.#sessions[actor] ?? [])
      // What an application keeps in its memory is known to all who use it.
      if (this.#desk?.isShared) this.#scheduler.record({ kind: 'shares', actor, process: 0 })
      for (const [index, command] of commands.entries()) {
        this.#underWay.set(actor, index)
        await seat?.begin()
        // Nothing of a run may reach the application that is started after it.
        if (this.#scheduler.isStopped) return
        const reply = await this.#call(actor, index, command, seat?.gate ?? port.gate, seat)
        if (seat) await seat.done()
        this.#checkEnd(actor, command, port)
        this.#scheduler.record({ kind: 'replied', actor, command: index, reply })
      }
      seat?.end()
    }
  }

  async #call(
    actor: ActorId,
    index: number,
    command: AnyCommand,
    gate: Gate,
    seat: Seat | undefined,
  ): Promise<Reply> {
    const { strategy, plan } = this.#options
    const handler = strategy.handler(command.kind)
    try {
      const session = openSession(gate, {
        attempts: plan.attempts,
        engine: this.#options.lane.engine.name,
        process: this.#processOf(actor),
        connections: strategy.connections,
        client: this.#host?.client(actor),
        note: (text) => this.#scheduler.record({ kind: 'noted', actor, text }),
        requestId: `${actorName(actor)}${index + 1}`,
      })
      const reply: unknown = await handler(session, command)
      if (isReply(reply)) return reply
      throw new StrategyFault(
        `Strategy "${strategy.name}" returned ${describeThrown(reply)} from ${this.#place(actor, command)}: it must return ok(), rejected(reason) or aborted(error).`,
      )
    } catch (thrown) {
      if (thrown instanceof DatabaseError) return toReply(thrown)
      if (thrown instanceof Fault) throw thrown
      // Drivers and what is built on them have errors of their own, each in its own way.
      if (seat?.refusal) return toReply(seat.refusal)
      // A pool may hand out a connection that a fault has broken before.
      if (seat && this.#scheduler.hasStruck) return unknown()
      const what = `threw ${describeThrown(thrown)}${whereThrown(thrown)} in ${this.#place(actor, command)}`
      if (this.#host?.wasStruck && soundsLost(thrown)) {
        throw new StrategyFault(
          `Application "${strategy.name}" ${what}, as a fault of an earlier run had broken its connection: an application has to connect again when it finds a connection lost, since it runs on from one run to the next.`,
        )
      }
      throw new StrategyFault(
        `Strategy "${strategy.name}" ${what}: only errors of the database may leave a strategy.`,
      )
    }
  }

  /** As an actor sees it: that it makes use of what it shares is noted. */
  #processOf(actor: ActorId): ActorProcess {
    const { id, memory } = this.#processes[actor % this.#processes.length] as ActorProcess
    const noted = noting(memory, () => {
      if (this.#sharing.has(actor)) return
      this.#sharing.add(actor)
      this.#scheduler.record({ kind: 'shares', actor, process: id })
    })
    return { id, memory: noted }
  }

  /** The client has died: nobody knows what became of its command, and it does no other one. */
  #leaveUnanswered(actor: ActorId): void {
    const command = this.#underWay.get(actor) ?? 0
    this.#scheduler.record({ kind: 'replied', actor, command, reply: unknown() })
  }

  #place(actor: ActorId, command: AnyCommand): string {
    return `${this.#options.strategy.workload.describe(command)} of actor ${actorName(actor)}`
  }

  #checkEnd(actor: ActorId, command: AnyCommand, port: ActorPort): void {
    const { strategy } = this.#options
    const where = `Strategy "${strategy.name}" ended ${this.#place(actor, command)}`
    if (!port.isIdle()) {
      throw new StrategyFault(`${where} while a statement was still under way: await every one.`)
    }
    if (port.isInside()) {
      throw new StrategyFault(`${where} with its transaction open: it must COMMIT or ROLLBACK.`)
    }
  }
}

/** What an actor is told whose strategy has not dealt with an error. */
const toReply = ({ errorClass }: DatabaseError): Reply =>
  errorClass === 'connection lost' ? unknown() : aborted(errorClass)

/** The commands of a run in the order of their replies, from its history. */
function performedCommands(plan: Plan, history: History): PerformedCommand<AnyCommand>[] {
  const performed: PerformedCommand<AnyCommand>[] = []
  const beganAt = new Map<ActorId, number>()
  let lastStep = 0
  for (const event of history) {
    if (event.kind === 'sent') {
      lastStep = event.step
      if (!beganAt.has(event.actor)) beganAt.set(event.actor, event.step)
    } else if (event.kind === 'replied') {
      const { actor, reply } = event
      const command = plan.actors[actor]?.[event.command]
      if (!command) throw new HarnessFault('A reply belongs to no command of the plan.')
      const began = beganAt.get(actor) ?? lastStep
      performed.push({ actor, command, reply, beganAt: began, endedAt: lastStep })
      beganAt.delete(actor)
    }
  }
  return performed
}

/** The same map, with every use of it told beforehand. */
function noting<K, V>(map: Map<K, V>, note: () => void): Map<K, V> {
  return new Proxy(map, {
    get(target, key) {
      note()
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
