import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import type { StatementWitness } from '../application/desk.ts'
import { ApplicationHost } from '../application/host.ts'
import { mayMakeTables } from '../databases/creations.ts'
import { DatabaseError } from '../databases/database-error.ts'
import type { ActorSession, Lane } from '../databases/engine.ts'
import type { EngineName } from '../databases/engine-name.ts'
import type { Row } from '../databases/statement.ts'
import {
  DatabaseFault,
  Fault,
  HarnessFault,
  StrategyFault,
  describeThrown,
  whereThrown,
} from '../errors.ts'
import type { ActorId } from '../history.ts'
import type { PerformedCommand } from '../invariant.ts'
import { defaultAttempts } from '../plan.ts'
import { aborted, isReply, unknown, type Reply } from '../reply.ts'
import {
  openSession,
  type ActorProcess,
  type Gate,
  type ResultRows,
  type Step,
} from '../session.ts'
import type { Strategy } from '../strategy.ts'
import type { AnyCommand } from '../workload.ts'

/** What clients that run side by side have in common. */
export interface Company {
  readonly strategy: Strategy
  readonly engine: EngineName
  /** What keeps the application, if the strategy is one. */
  readonly host: ApplicationHost | undefined
  /** How often a command may be tried in all. */
  readonly attempts: number
  /** The longest that a strategy sleeps, in milliseconds, whatever it asks for. */
  readonly longestSleepMs: number
  /** Statements and sleeps begun so far, by all. */
  steps: number
  /** Whether a statement of a strategy's own may have made tables. */
  madeTables: boolean
  /** Nobody sends anything any more. */
  isOver: boolean
}

/** Clients whose sleeps are as long as they ask for. */
export const companyOf = (lane: Lane, strategy: Strategy, attempts = defaultAttempts): Company => ({
  strategy,
  engine: lane.engine.name,
  host: ApplicationHost.of(lane),
  attempts,
  longestSleepMs: Number.POSITIVE_INFINITY,
  steps: 0,
  madeTables: false,
  isOver: false,
})

/** What a client is in the middle of. */
export interface UnderWay {
  /** As it would have to be judged if nobody heard of it any more: done, or not. */
  readonly performed: PerformedCommand<AnyCommand>
  /** The command and the client, as messages name them. */
  readonly place: string
  /** Those on which a statement has not been answered. */
  readonly sessions: readonly ActorSession[]
  readonly isSleeping: boolean
}

interface CurrentCommand {
  readonly command: AnyCommand
  /** Number of its first step, when it has had one. */
  beganAt?: number
}

/**
 * Does commands on connections of its own, with no scheduler between the strategy and the database: each
 * statement is sent as soon as the one before it is answered, and a sleep is real.
 */
export class Client {
  readonly #id: ActorId
  readonly #company: Company
  readonly #process: ActorProcess
  readonly #sessions: readonly ActorSession[]
  /** The connections that a statement is under way on. */
  readonly #busy = new Set<ActorSession>()
  #sleeps = 0
  #commands = 0
  #current: CurrentCommand | undefined
  #fault: Fault | undefined

  /** @param sessions one for each of the strategy's connections */
  constructor(
    id: ActorId,
    company: Company,
    process: ActorProcess,
    sessions: readonly ActorSession[],
  ) {
    this.#id = id
    this.#company = company
    this.#process = process
    this.#sessions = sessions
  }

  /** @throws {Fault} when the command cannot be judged: the strategy broke a rule, or a connection was lost. */
  async perform(
    command: AnyCommand,
    witness?: StatementWitness,
  ): Promise<PerformedCommand<AnyCommand>> {
    const company = this.#company
    const current: CurrentCommand = { command }
    this.#current = current
    // Of an application's statements nobody says whose they are: a command begins when it is called.
    if (company.host) current.beganAt = ++company.steps
    const reply = await this.#call(command, (step) => {
      if (company.isOver) return new Promise(() => {})
      company.steps += 1
      current.beganAt ??= company.steps
      return step.kind === 'sleep' ? this.#sleep(step.ms) : this.#send(step, witness)
    })
    this.#checkEnd(command)
    this.#current = undefined
    if (company.host) company.steps += 1
    const endedAt = company.steps
    return { actor: this.#id, command, reply, beganAt: current.beganAt ?? endedAt, endedAt }
  }

  /** The command that has not been answered, if there is one, and what it is waiting for. */
  get underWay(): UnderWay | undefined {
    if (!this.#current) return undefined
    const { command, beganAt = this.#company.steps } = this.#current
    const performed = {
      actor: this.#id,
      command,
      reply: unknown(),
      beganAt,
      endedAt: this.#company.steps,
    }
    return {
      performed,
      place: this.#place(command),
      sessions: [...this.#busy, ...(this.#company.host?.desk.busy ?? [])],
      isSleeping: this.#sleeps > 0,
    }
  }

  async #call(command: AnyCommand, gate: Gate): Promise<Reply> {
    const { strategy, attempts, engine } = this.#company
    const { connections } = strategy
    this.#commands += 1
    const { host } = this.#company
    const losses = host?.desk.losses
    const session = openSession(gate, {
      attempts,
      engine,
      process: this.#process,
      connections,
      client: host?.client(this.#id),
      requestId: `C${this.#id + 1}N${this.#commands}`,
    })
    try {
      const reply: unknown = await strategy.handler(command.kind)(session, command)
      if (isReply(reply)) return reply
      throw new StrategyFault(
        `Strategy "${strategy.name}" returned ${describeThrown(reply)} from ${this.#place(command)}: it must return ok(), rejected(reason) or aborted(error).`,
      )
    } catch (thrown) {
      if (thrown instanceof DatabaseError) return aborted(thrown.errorClass)
      if (thrown instanceof Fault) throw thrown
      if (host) return this.#toReply(host, losses)
      throw new StrategyFault(
        `Strategy "${strategy.name}" threw ${describeThrown(thrown)}${whereThrown(thrown)} in ${this.#place(command)}: only errors of the database may leave a strategy.`,
      )
    }
  }

  /**
   * What the database said is known to the application only, in the words of its driver. If it has lost a
   * connection meanwhile, it may have been in the middle of a commit.
   */
  async #toReply({ desk }: ApplicationHost, losses: number | undefined): Promise<Reply> {
    await nextTurn() // a program that ends is heard of on all its connections
    return desk.losses === losses ? aborted('other') : unknown()
  }

  async #send(
    step: Exclude<Step, { readonly kind: 'sleep' }>,
    witness: StatementWitness | undefined,
  ): Promise<ResultRows<Row>> {
    const { statement } = step
    const session = this.#session(step.connection ?? 0)
    if (this.#busy.has(session)) throw this.#fail(this.#twoAtOnce())
    this.#busy.add(session)
    witness?.sent(statement, session)
    this.#company.madeTables ||= mayMakeTables(statement)
    const outcome = await session.execute(statement, []).finally(() => this.#busy.delete(session))
    // The connection may have been taken away, which is no answer.
    if (this.#company.isOver) return new Promise(() => {})
    witness?.answered(statement, outcome)
    if (!outcome.ok) throw this.#refusal(outcome.error)
    return Object.assign([...outcome.rows], { affectedRows: outcome.affectedRows })
  }

  async #sleep(ms: number): Promise<ResultRows<Row>> {
    this.#sleeps += 1
    await pause(Math.min(ms, this.#company.longestSleepMs))
    this.#sleeps -= 1
    return Object.assign([], { affectedRows: 0 })
  }

  #refusal(error: DatabaseError): DatabaseError | Fault {
    if (error.errorClass !== 'connection lost') return error
    return this.#fail(new DatabaseFault(`A client's connection was lost: ${error.message}.`))
  }

  /** Keeps the fault, as the strategy may catch it. */
  #fail(fault: Fault): Fault {
    this.#fault ??= fault
    return fault
  }

  #session(connection: number): ActorSession {
    const session = this.#sessions[connection]
    if (!session) throw new HarnessFault(`There is no connection ${connection + 1}.`)
    return session
  }

  #twoAtOnce(): Fault {
    return new StrategyFault(
      `Strategy "${this.#company.strategy.name}" sent a statement while another one was still under way on the same connection: await every one.`,
    )
  }

  #checkEnd(command: AnyCommand): void {
    if (this.#fault) throw this.#fault
    const where = `Strategy "${this.#company.strategy.name}" ended ${this.#place(command)}`
    if (this.#busy.size > 0) {
      throw new StrategyFault(`${where} while a statement was still under way: await every one.`)
    }
    if (this.#sessions.some(({ transaction }) => transaction !== 'none')) {
      throw new StrategyFault(`${where} with its transaction open: it must COMMIT or ROLLBACK.`)
    }
  }

  #place(command: AnyCommand): string {
    return `${this.#company.strategy.workload.describe(command)} of client ${this.#id + 1}`
  }
}

/** Clients on the sessions, of which each gets as many as the strategy's actors have connections. */
export function clientsOf(
  company: Company,
  count: number,
  sessions: readonly ActorSession[],
): readonly Client[] {
  const processes = [0, 1].map((id): ActorProcess => ({ id, memory: new Map() }))
  return Array.from({ length: count }, (_, id) => {
    const own = sessions.filter((_session, index) => index % count === id)
    return new Client(id, company, processes[id % processes.length] as ActorProcess, own)
  })
}
