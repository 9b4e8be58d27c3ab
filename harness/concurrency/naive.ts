import { DatabaseError } from '../databases/database-error.ts'
import type { ActorSession, Lane, Rows } from '../databases/engine.ts'
import type { Row } from '../databases/statement.ts'
import { Fault, HarnessFault, StrategyFault, describeThrown } from '../errors.ts'
import type { ActorId } from '../history.ts'
import type { Observation, PerformedCommand } from '../invariant.ts'
import { defaultLimits } from '../limits.ts'
import type { Plan } from '../plan.ts'
import { aborted, isReply, type Reply } from '../reply.ts'
import { openSession, type ActorProcess, type Gate, type ResultRows } from '../session.ts'
import type { Strategy } from '../strategy.ts'
import type { AnyCommand } from '../workload.ts'
import { Barrier } from './barrier.ts'

/**
 * How actors begin.
 *
 * - `none`: each does its commands one after the other, as fast as the database answers.
 * - `barrier`: before each command they wait for one another, so that all send the first statement of
 *   their n-th commands at the same time.
 */
export type Coordination = 'none' | 'barrier'

export interface NaiveOptions {
  /** Prepared for the strategy: see `prepareLane`. */
  readonly lane: Lane
  readonly strategy: Strategy
  /** Its schedule is of no account. */
  readonly plan: Plan
  readonly coordination?: Coordination
  /** How long all of it may take, in milliseconds. */
  readonly limitMs?: number
}

/** A sleep is real here, and no longer than this, in milliseconds. */
const longestSleepMs = 5

/**
 * Runs a plan with no scheduler at all: every actor on its own connection, all at once, each statement
 * sent as soon as the one before it is answered. What most concurrency tests do, and the yardstick for
 * a search that chooses. The same plan may go another way each time.
 *
 * States between commits are not read, as that would hold actors up: only the final one is known.
 *
 * @throws {Fault} when the run cannot be judged, such as one that does not end within its limit. The
 *   lane can be used again.
 */
export async function executeNaively(
  options: NaiveOptions,
): Promise<{ readonly observation: Observation<Rows, AnyCommand> }> {
  const { lane, strategy, plan } = options
  const sessions = await lane.sessions(plan.actors.length * strategy.connections)
  await lane.reset(plan.initial)
  const run = new NaiveRun(options, sessions)
  try {
    const commands = await run.execute()
    const final = await lane.observe()
    lane.anticipate(plan.initial)
    return { observation: { initial: plan.initial, commands, committed: [final], final } }
  } catch (error) {
    await lane.recover().catch(() => undefined)
    throw error
  }
}

class NaiveRun {
  readonly #options: NaiveOptions
  readonly #sessions: readonly ActorSession[]
  readonly #barrier: Barrier
  readonly #processes: readonly ActorProcess[] = [0, 1].map((id) => ({ id, memory: new Map() }))
  readonly #performed: PerformedCommand<AnyCommand>[] = []
  /** Statements sent so far, by all. */
  #sent = 0
  #isOver = false

  constructor(options: NaiveOptions, sessions: readonly ActorSession[]) {
    this.#options = options
    this.#sessions = sessions
    this.#barrier = new Barrier(options.plan.actors.length)
  }

  /** The commands in the order of their replies. */
  async execute(): Promise<readonly PerformedCommand<AnyCommand>[]> {
    const { plan, limitMs = defaultLimits.statementMs } = this.#options
    const { promise: tooLong, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(this.#unended(limitMs)), limitMs)
    try {
      const actors = plan.actors.map((commands, actor) => this.#act(actor, commands))
      await Promise.race([Promise.all(actors), tooLong])
    } finally {
      clearTimeout(timer)
      this.#isOver = true
    }
    return this.#performed
  }

  async #act(actor: ActorId, commands: readonly AnyCommand[]): Promise<void> {
    try {
      for (const command of commands) {
        if (this.#options.coordination === 'barrier') await this.#barrier.arrive()
        await this.#perform(actor, command)
      }
    } finally {
      this.#barrier.leave()
    }
  }

  async #perform(actor: ActorId, command: AnyCommand): Promise<void> {
    let beganAt: number | undefined
    const reply = await this.#call(actor, command, (step) => {
      if (this.#isOver) return new Promise(() => {})
      this.#sent += 1
      beganAt ??= this.#sent
      if (step.kind === 'sleep') return pause(Math.min(step.ms, longestSleepMs))
      return this.#send(this.#session(actor, step.connection ?? 0), step.statement)
    })
    this.#performed.push({
      actor,
      command,
      reply,
      beganAt: beganAt ?? this.#sent,
      endedAt: this.#sent,
    })
  }

  async #call(actor: ActorId, command: AnyCommand, gate: Gate): Promise<Reply> {
    const { strategy, plan, lane } = this.#options
    const session = openSession(gate, {
      attempts: plan.attempts,
      engine: lane.engine.name,
      process: this.#processes[actor % this.#processes.length] as ActorProcess,
      connections: strategy.connections,
    })
    try {
      const reply: unknown = await strategy.handler(command.kind)(session, command)
      if (isReply(reply)) return reply
      throw new StrategyFault(`Strategy "${strategy.name}" returned ${describeThrown(reply)}.`)
    } catch (thrown) {
      if (thrown instanceof DatabaseError) return aborted(thrown.errorClass)
      if (thrown instanceof Fault) throw thrown
      throw new StrategyFault(`Strategy "${strategy.name}" threw ${describeThrown(thrown)}.`)
    }
  }

  async #send(
    session: ActorSession,
    statement: Parameters<ActorSession['execute']>[0],
  ): Promise<ResultRows<Row>> {
    const outcome = await session.execute(statement, [])
    if (!outcome.ok) throw outcome.error
    return Object.assign([...outcome.rows], { affectedRows: outcome.affectedRows })
  }

  /** Connections are dealt out in turn, the first ones of all actors first. */
  #session(actor: ActorId, connection: number): ActorSession {
    const session = this.#sessions[connection * this.#options.plan.actors.length + actor]
    if (!session) throw new HarnessFault(`There is no connection ${connection + 1}.`)
    return session
  }

  #unended(limitMs: number): Fault {
    return new HarnessFault(
      `Without a scheduler, strategy "${this.#options.strategy.name}" had not ended after ${limitMs} ms.`,
    )
  }
}

async function pause(ms: number): Promise<ResultRows<Row>> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  return Object.assign([], { affectedRows: 0 })
}
