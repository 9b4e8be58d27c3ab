import { ApplicationHost } from '../application/host.ts'
import type { ActorSession, Lane, Rows } from '../databases/engine.ts'
import { isolationOf, type IsolationSetting } from '../databases/isolation.ts'
import { Fault, HarnessFault, StrategyFault, UsageError } from '../errors.ts'
import type { PerformedCommand, Violation } from '../invariant.ts'
import { serial } from '../oracles/judgement.ts'
import { describeReply } from '../reply.ts'
import type { Strategy } from '../strategy.ts'
import type { Explored } from '../verdict.ts'
import type { AnyCommand, AnyWorkload, Range, Rush } from '../workload.ts'
import { count } from '../words.ts'
import { clientsOf, companyOf, type Client, type Company } from './client.ts'
import { countConnections, openForLoad } from './connections.ts'
import { Effort } from './effort.ts'
import { latencyOf, newHistogram, record, type Latency } from './latency.ts'
import { endsWithin, unlessStopped } from './stop-signal.ts'
import { checkUnfinished } from './unfinished.ts'

/** What a simulation needs: who comes, how many, and where to. */
export interface SimulationOptions {
  /** Its tables are made anew, and whatever it held is gone. */
  readonly lane: Lane
  readonly strategy: Strategy
  readonly clients: number
  /** How much there is of what is handed out; by default what the workload says. */
  readonly supply?: number | undefined
  /** How much each client asks for; by default what the workload says. */
  readonly quantity?: Range | undefined
  readonly seed: number
  /** How often a command may be tried in all. */
  readonly attempts?: number | undefined
  /** How long all of it may take from the release on, in milliseconds. */
  readonly limitMs?: number | undefined
  /** Ends it with what is known by then. */
  readonly signal?: AbortSignal | undefined
  /** When the connections are there, and everybody is about to be released. */
  onRelease?(): void
}

/** What a simulation came to. `inconclusive` is never a pass. */
export type Simulation = Simulated &
  (
    | { readonly verdict: 'holds' }
    | { readonly verdict: 'violated'; readonly violations: readonly Violation[] }
    | {
        readonly verdict: 'inconclusive'
        readonly reason: string
        readonly fault: 'strategy' | 'harness' | 'interrupted'
      }
  )

/** Clients, and how much they asked for. */
export interface Share {
  readonly clients: number
  readonly quantity: number
}

/** What some of the clients were told: a reply as one line, or that there was no answer. */
export interface Outcome extends Share {
  readonly reply: string
}

/** What happened, whatever it means. */
export interface Simulated extends IsolationSetting {
  readonly workload: string
  readonly strategy: string
  readonly database: Explored['database']
  readonly clients: number
  readonly connections: number
  readonly seed: number
  /** What each asked for; left out where it is always one. */
  readonly quantity?: Range
  /** From the release to the last reply, in milliseconds. */
  readonly elapsedMs: number
  /** Replies of all kinds, and those with ok, per second of that time. */
  readonly repliesPerSecond: number
  readonly commandsPerSecond: number
  /** From the release to the reply, of all replies. Undefined when there were none. */
  readonly latencyMs: Latency | undefined
  /** How much there was at first, and is in the end, as the state has it. */
  readonly supply: { readonly before: number; readonly after: number }
  /** What the rows say was handed out. */
  readonly handedOut: { readonly rows: number; readonly quantity: number }
  /** Everybody is in one of these: `ok` first, then what was most. */
  readonly outcomes: readonly Outcome[]
  /** The sums of the outcomes, which have been found to be everybody and all that was asked for. */
  readonly accounted: Share
  /**
   * What a count of promises would say where each failure is caught and logged, as in the simulation that
   * this one is modelled on: that everybody who was answered has succeeded.
   */
  readonly swallowed: { readonly successes: number; readonly quantity: number }
  readonly retries: number
  readonly aborts: number
  readonly invariants: readonly SimulatedInvariant[]
}

/** What became of an invariant in a simulation. */
export interface SimulatedInvariant {
  readonly name: string
  readonly claimed: boolean
  /** `not judged` where it would have been too much to look at, or not everybody was answered. */
  readonly outcome: 'held' | 'broken' | 'not judged'
  /** What is wrong, or why it was not judged. */
  readonly message?: string
}

const defaultLimitMs = 60_000

/**
 * Everybody at once: clients on as many real connections, each with one command, all released at the same
 * moment, with no scheduler. Then every one of them is accounted for, and the invariants are judged on the
 * replies and the final state. What it shows has happened; what it does not show may happen the next time.
 *
 * @throws {UsageError} when the workload has no rush.
 * @throws {Fault} when nothing can be told: the strategy broke a rule, a connection was lost, the server
 *   takes too few of them, or it was interrupted before the release. The lane can be used again, unless
 *   its server is gone.
 */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { lane, strategy, clients, signal } = options
  const rush = rushOf(strategy.workload)
  const { supply = rush.supplyFor(clients), seed, quantity = rush.quantity } = options
  const range = quantity ?? { min: 1, max: 1 }
  const { initial, commands } = rush.start({ clients, supply, quantity: range, seed })
  try {
    const sessions = await openForLoad({ lane, strategy, clients, initial, coreOnly: true, signal })
    const run = new RushRun(options, rush, sessions, commands)
    options.onRelease?.()
    const stop = await run.execute()
    if (!stop) await ApplicationHost.of(lane)?.desk.quiet(options.limitMs ?? defaultLimitMs)
    const final = await lane.observe()
    const performed = run.performed
    const observation = { initial, commands: performed, committed: [final], final }
    const broken = strategy.workload.invariants.flatMap(({ name, check }): Violation[] => {
      const message = check(observation)
      return message === undefined ? [] : [{ invariant: name, message }]
    })
    const { name, workload } = strategy
    const simulated: Simulated = {
      workload: workload.name,
      strategy: name,
      database: { engine: lane.engine.name, version: lane.version, provider: lane.provider },
      ...isolationOf(lane),
      clients,
      connections: countConnections(lane, sessions),
      seed,
      ...(quantity && { quantity }),
      ...run.measured(),
      supply: { before: rush.left(initial), after: rush.left(final) },
      handedOut: rush.handedOut(final),
      ...run.account(),
      invariants: invariantsOf(strategy, broken, stop),
    }
    return { ...simulated, ...verdictOf(strategy, simulated, stop) }
  } catch (error) {
    // Statements may still be under way. If the server is gone, what is known already says so.
    await lane.recover().catch(() => undefined)
    throw error
  }
}

/**
 * What everybody does at once in a simulation of the workload.
 *
 * @throws {UsageError} when it says nothing about that.
 */
export function rushOf(workload: AnyWorkload): Rush<Rows, AnyCommand> {
  if (workload.rush) return workload.rush
  throw new UsageError(
    `Workload "${workload.name}" says nothing about clients who come all at once: give it a member "rush".`,
  )
}

/** Why it ended before everybody was answered. */
interface Stop {
  readonly reason: string
  readonly fault: 'harness' | 'interrupted'
}

class RushRun {
  readonly #options: SimulationOptions
  readonly #rush: Rush<Rows, AnyCommand>
  readonly #commands: readonly AnyCommand[]
  readonly #company: Company
  readonly #clients: readonly Client[]
  readonly #effort = new Effort()
  readonly #histogram = newHistogram()
  readonly #answered: PerformedCommand<AnyCommand>[] = []
  #unanswered: readonly PerformedCommand<AnyCommand>[] = []
  #releasedAt = 0
  #elapsedMs = 0

  constructor(
    options: SimulationOptions,
    rush: Rush<Rows, AnyCommand>,
    sessions: readonly ActorSession[],
    commands: readonly AnyCommand[],
  ) {
    const { strategy, lane, attempts } = options
    this.#options = options
    this.#rush = rush
    this.#commands = commands
    this.#company = companyOf(lane, strategy, attempts)
    this.#clients = clientsOf(this.#company, commands.length, sessions)
    this.#company.host?.desk.watch(() => this.#effort.watch())
  }

  /** In the order of the replies; who had none comes last, with `unknown`. */
  get performed(): readonly PerformedCommand<AnyCommand>[] {
    return [...this.#answered, ...this.#unanswered]
  }

  /** Why it has ended too early, if it has. */
  async execute(): Promise<Stop | undefined> {
    this.#releasedAt = performance.now()
    const working = Promise.all(this.#clients.map((client, index) => this.#work(client, index)))
    try {
      const stop = await this.#await(working)
      if (this.#effort.statements === 0 && !stop) throw this.#silent()
      return stop
    } finally {
      this.#company.isOver = true
    }
  }

  async #work(client: Client, index: number): Promise<void> {
    const command = this.#commands[index]
    if (!command) throw new HarnessFault(`There is no command for client ${index + 1}.`)
    const performed = await client.perform(command, this.#effort.watch())
    if (this.#company.isOver) return
    this.#elapsedMs = performance.now() - this.#releasedAt
    this.#answered.push(performed)
    record(this.#histogram, this.#elapsedMs)
  }

  async #await(working: Promise<unknown>): Promise<Stop | undefined> {
    const { lane, strategy, signal, limitMs = defaultLimitMs } = this.#options
    const isInTime = await unlessStopped(signal, endsWithin(limitMs, working)).catch(
      (error: unknown) => {
        // A fault of somebody's is one; that somebody did not want to wait is none.
        if (signal?.aborted && !(signal.reason instanceof Fault)) return 'interrupted' as const
        throw error
      },
    )
    if (isInTime === true) return undefined
    const unfinished = this.#clients.flatMap(({ underWay }) => underWay ?? [])
    if (isInTime === false) await checkUnfinished(lane, strategy.name, unfinished, limitMs)
    this.#company.isOver = true
    this.#elapsedMs = performance.now() - this.#releasedAt
    this.#unanswered = unfinished.map(({ performed }) => performed)
    await lane.recover()
    const left = count(unfinished.length, 'client was', 'clients were')
    return isInTime === 'interrupted'
      ? { reason: `Interrupted when ${left} not yet answered.`, fault: 'interrupted' }
      : {
          reason: `After ${limitMs / 1000} s ${left} not yet answered: they waited for locks, or slept.`,
          fault: 'harness',
        }
  }

  measured(): Pick<
    Simulated,
    'elapsedMs' | 'repliesPerSecond' | 'commandsPerSecond' | 'latencyMs' | 'retries' | 'aborts'
  > {
    const oks = this.#answered.filter(({ reply }) => reply.kind === 'ok')
    const perSecond = (number: number) => (number / this.#elapsedMs) * 1000
    return {
      elapsedMs: this.#elapsedMs,
      repliesPerSecond: perSecond(this.#answered.length),
      commandsPerSecond: perSecond(oks.length),
      latencyMs: latencyOf(this.#histogram),
      retries: this.#effort.retries,
      aborts: this.#effort.aborts,
    }
  }

  /** @throws {HarnessFault} when somebody is missing. */
  account(): Pick<Simulated, 'outcomes' | 'accounted' | 'swallowed'> {
    const outcomes = new Map<string, { clients: number; quantity: number }>([
      [describeReply({ kind: 'ok' }), { clients: 0, quantity: 0 }],
    ])
    const add = (reply: string, command: AnyCommand): void => {
      const { clients, quantity } = outcomes.get(reply) ?? { clients: 0, quantity: 0 }
      const more = this.#rush.quantityOf(command)
      outcomes.set(reply, { clients: clients + 1, quantity: quantity + more })
    }
    for (const { command, reply } of this.#answered) add(describeReply(reply), command)
    for (const { command } of this.#unanswered) add(noAnswer, command)
    const [ok, ...others] = [...outcomes].map(([reply, share]) => ({ reply, ...share }))
    const listed = [
      ...(ok ? [ok] : []),
      ...others.toSorted((one, other) => other.clients - one.clients),
    ]
    const accounted = { clients: sumOf(listed, 'clients'), quantity: sumOf(listed, 'quantity') }
    const asked = this.#commands.reduce((sum, each) => sum + this.#rush.quantityOf(each), 0)
    if (accounted.clients !== this.#options.clients || accounted.quantity !== asked) {
      throw new HarnessFault(
        `Of ${this.#options.clients} clients who asked for ${asked}, ${accounted.clients} with ${accounted.quantity} are accounted for.`,
      )
    }
    const answered = listed.filter(({ reply }) => reply !== noAnswer)
    return {
      outcomes: listed,
      accounted,
      swallowed: {
        successes: sumOf(answered, 'clients'),
        quantity: sumOf(answered, 'quantity'),
      },
    }
  }

  #silent(): Fault {
    return new StrategyFault(
      `Strategy "${this.#options.strategy.name}" sent no statement, so nothing happened at once: its statements must go through the session it is given.`,
    )
  }
}

const noAnswer = 'no answer'

const sumOf = (shares: readonly Share[], key: keyof Share): number =>
  shares.reduce((sum, share) => sum + share[key], 0)

const tooMany = 'There are too many commands to look for a serial order of all of them.'
const halfDone = 'Commands that were not answered may have been done by half.'

function invariantsOf(
  { workload, claims }: Strategy,
  broken: readonly Violation[],
  stop: Stop | undefined,
): SimulatedInvariant[] {
  const judged = workload.invariants.map(({ name }): SimulatedInvariant => {
    const claimed = claims.includes(name)
    if (stop) return { name, claimed, outcome: 'not judged', message: halfDone }
    const message = broken.find(({ invariant }) => invariant === name)?.message
    if (message === undefined) return { name, claimed, outcome: 'held' }
    return { name, claimed, outcome: 'broken', message }
  })
  const claimed = claims.includes(serial.name)
  return [...judged, { name: serial.name, claimed, outcome: 'not judged', message: tooMany }]
}

type Verdict =
  | { readonly verdict: 'holds' }
  | { readonly verdict: 'violated'; readonly violations: readonly Violation[] }
  | ({ readonly verdict: 'inconclusive' } & (Stop | { reason: string; fault: 'strategy' }))

function verdictOf(strategy: Strategy, simulated: Simulated, stop: Stop | undefined): Verdict {
  if (stop) return { verdict: 'inconclusive', ...stop }
  const violations = simulated.invariants.flatMap(({ name, claimed, outcome, message = '' }) =>
    claimed && outcome === 'broken' ? [{ invariant: name, message }] : [],
  )
  if (violations.length > 0) return { verdict: 'violated', violations }
  const [ok, most] = simulated.outcomes
  if (ok && ok.clients > 0) return { verdict: 'holds' }
  return {
    verdict: 'inconclusive',
    reason: `Strategy "${strategy.name}" did nothing that could be judged: nobody was answered with ok. What they were told most often was ${most?.reply ?? 'nothing'}.`,
    fault: 'strategy',
  }
}
