import type { ActorSession, Lane, Rows } from '../databases/engine.ts'
import { ApplicationHost } from '../application/host.ts'
import { HarnessFault, type Fault } from '../errors.ts'
import type { Observation, PerformedCommand } from '../invariant.ts'
import { defaultLimits } from '../limits.ts'
import type { Plan } from '../plan.ts'
import type { Strategy } from '../strategy.ts'
import type { AnyCommand } from '../workload.ts'
import { Barrier } from './barrier.ts'
import { clientsOf, companyOf, type Client, type Company } from './client.ts'
import { unlessStopped } from './stop-signal.ts'

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
  /** Ends it at once, with a fault. */
  readonly signal?: AbortSignal | undefined
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
  const { limitMs = defaultLimits.statementMs } = options
  const host = ApplicationHost.of(lane)
  try {
    await host?.start(plan.actors.length, options.signal)
    host?.desk.open()
    const sessions = await lane.sessions(plan.actors.length * strategy.connections)
    await lane.reset(plan.initial)
    const run = new NaiveRun(options, sessions)
    const commands = await run.execute()
    await host?.desk.quiet(limitMs)
    for (const session of host?.desk.closed ?? []) await lane.untilEnded(session)
    const final = await lane.observe()
    // What it makes where it is not there yet, it makes now.
    const isFirst = host !== undefined && host.warmFor < plan.actors.length
    if (isFirst || run.madeTables) await lane.noticeMadeTables()
    lane.anticipate(plan.initial)
    return { observation: { initial: plan.initial, commands, committed: [final], final } }
  } catch (error) {
    // Who waits for a transaction that was left open says less than that.
    const isLeftInside = !options.signal?.aborted && (await host?.desk.staysInside())
    const fault = host && isLeftInside ? host.desk.leftInside() : error
    await lane.recover().catch(() => undefined)
    throw fault
  } finally {
    host?.desk.end()
  }
}

class NaiveRun {
  readonly #options: NaiveOptions
  readonly #company: Company
  readonly #clients: readonly Client[]
  readonly #barrier: Barrier
  readonly #performed: PerformedCommand<AnyCommand>[] = []

  constructor(options: NaiveOptions, sessions: readonly ActorSession[]) {
    const { strategy, lane, plan } = options
    this.#options = options
    this.#company = { ...companyOf(lane, strategy, plan.attempts), longestSleepMs }
    this.#clients = clientsOf(this.#company, plan.actors.length, sessions)
    this.#barrier = new Barrier(plan.actors.length)
  }

  /** Whether a statement of the strategy's own may have. */
  get madeTables(): boolean {
    return this.#company.madeTables
  }

  /** The commands in the order of their replies. */
  async execute(): Promise<readonly PerformedCommand<AnyCommand>[]> {
    const { plan, signal, limitMs = defaultLimits.statementMs } = this.#options
    const { promise: tooLong, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(this.#unended(limitMs)), limitMs)
    try {
      const actors = this.#clients.map((client, id) => this.#act(client, plan.actors[id] ?? []))
      await Promise.race([unlessStopped(signal, Promise.all(actors)), tooLong])
    } finally {
      clearTimeout(timer)
      this.#company.isOver = true
    }
    return this.#performed
  }

  async #act(client: Client, commands: readonly AnyCommand[]): Promise<void> {
    try {
      for (const command of commands) {
        if (this.#options.coordination === 'barrier') await this.#barrier.arrive()
        if (this.#company.isOver) return
        this.#performed.push(await client.perform(command))
      }
    } finally {
      this.#barrier.leave()
    }
  }

  #unended(limitMs: number): Fault {
    const what = `Without a scheduler, strategy "${this.#options.strategy.name}" had not ended after ${limitMs} ms.`
    const hint = this.#company.host?.idleHint
    return new HarnessFault(hint ? `${what} ${hint}` : what)
  }
}
