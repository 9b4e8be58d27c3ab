import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import type { ActorSession, Lane, Rows } from '../databases/engine.ts'
import { StrategyFault, UsageError, type Fault } from '../errors.ts'
import type { Observation, PerformedCommand, Violation } from '../invariant.ts'
import { serial } from '../oracles/judgement.ts'
import type { Strategy } from '../strategy.ts'
import type { ReplyCounts } from '../verdict.ts'
import type { AnyCommand, AnyWorkload, Contention, LoadProfile } from '../workload.ts'
import { isCore } from '../tally.ts'
import { count } from '../words.ts'
import { clientsOf, companyOf, type Client, type Company } from './client.ts'
import { countConnections, openForLoad } from './connections.ts'
import { Effort } from './effort.ts'
import { latencyOf, newHistogram, record, type Latency } from './latency.ts'
import { LockWaitMeter } from './lock-wait-meter.ts'
import { ReplyCounter } from './reply-counter.ts'
import { endsWithin, unlessStopped } from './stop-signal.ts'
import { checkUnfinished } from './unfinished.ts'

/** What to measure, and on what. */
export interface LoadOptions {
  /** Its tables are made anew, and whatever it held is gone. */
  readonly lane: Lane
  readonly strategy: Strategy
  /** Each does one command at a time, on connections of its own. */
  readonly clients: number
  readonly contention: Contention
  /** How long is measured, in milliseconds. */
  readonly durationMs: number
  /** How long the clients are at work before that, in milliseconds. */
  readonly warmUpMs: number
  /** Of whatever the profile draws. */
  readonly seed: number
  /** How often a command may be tried in all. */
  readonly attempts?: number | undefined
  /** Stops it at once, with a fault. */
  readonly signal?: AbortSignal | undefined
  /**
   * How long clients may take to end the commands that are under way at the end, in milliseconds. Those
   * that still wait for locks then are cut off.
   */
  readonly limitMs?: number | undefined
}

/** What a load run has measured. */
export interface LoadResult {
  readonly clients: number
  readonly contention: Contention
  /**
   * What was measured, in milliseconds. All that follows, up to `lockWaitMs`, is of this part, and of the
   * commands that a strategy has to do itself: those with which a profile keeps things going, such as
   * restocking, are not counted.
   */
  readonly elapsedMs: number
  /** Of the commands that were answered in it, whenever they began. */
  readonly replies: ReplyCounts
  /** Commands answered with ok, per second. */
  readonly commandsPerSecond: number
  /**
   * From the beginning of a command to its reply, with all its attempts and sleeps, of those answered
   * with ok: what is refused at once would make a strategy look quick. Undefined when there were none.
   */
  readonly latencyMs: Latency | undefined
  /** The same latencies as an HdrHistogram, of microseconds, in its compressed form as base64. */
  readonly histogram: string
  /**
   * Transactions begun by a command after the database had refused it something, or after it had rolled
   * back; and statements outside transactions, sent again after they were refused.
   */
  readonly retries: number
  /**
   * Statements that the database refused for the sake of another transaction, or for no known reason. What
   * it says about the data, such as a unique violation, is none.
   */
  readonly aborts: number
  /**
   * How long sessions waited for locks, added up over all of them, in milliseconds. InnoDB adds up waits
   * for rows by itself (Innodb_row_lock_time), each when it is over; and as it does so for the whole server,
   * this is undefined if somebody else was seen at work there. PostgreSQL does not: there, as for GET_LOCK,
   * sessions that wait are counted 40 times a second.
   */
  readonly lockWaitMs: number | undefined
  /**
   * Commands that had to be cut off at the end, as of clients that wait in circles which PostgreSQL breaks
   * one by one, each after a second. Whether they were done is unknown.
   */
  readonly cutOff: number
  /** Connections that commands went over. */
  readonly connections: number
  /** Commands from the first to the last, warm-up and end included: those that were judged. */
  readonly commands: number
  /** The invariants that the strategy claims and that did not hold, of replies and final state. */
  readonly violations: readonly Violation[]
  /** The claimed invariants, and serial equivalence, of which this run says nothing. */
  readonly notJudged: readonly { readonly invariant: string; readonly reason: string }[]
}

const defaultLimitMs = 10_000

/**
 * Measures what a strategy costs: clients on connections of their own, with no scheduler, each beginning
 * its next command when the one before it is answered. The strategy's sleeps are real.
 *
 * That is a closed loop, and has its caveat: while the database is slow, clients ask less. Latencies are
 * those of so many clients who wait for their answers, and not of requests that arrive whatever happens;
 * those who would have come meanwhile are left out, and with them the longest waits ("coordinated
 * omission": Gil Tene, "How NOT to Measure Latency", 2013). Strategies can be compared by it at the same
 * number of clients. What a service would see at some rate of requests it does not say.
 *
 * A command that the database aborts is counted, and the client goes on with its next one. Statements are
 * prepared once for each connection, as drivers with a cache do it. PostgreSQL's sessions look for a
 * deadlock after a second, which is its default; all else is as the server has it.
 *
 * @throws {UsageError} when the workload has no load profile.
 * @throws {Fault} when the run says nothing: the strategy broke a rule, a connection was lost, the server
 *   takes too few connections, or a client does not come to an end. The lane can be used again, unless
 *   its server is gone.
 */
export async function executeLoad(options: LoadOptions): Promise<LoadResult> {
  const { lane, strategy } = options
  const profile = profileOf(strategy.workload, options.contention)
  const { initial, command } = profile.start(options.seed)
  try {
    const { clients, signal } = options
    const sessions = await openForLoad({ lane, strategy, clients, initial, signal })
    const run = new LoadRun(options, sessions, command)
    const measured = await run.execute()
    const final = await lane.observe()
    const observation = { initial, commands: run.performed, committed: [final], final }
    return {
      clients: options.clients,
      contention: options.contention,
      ...measured,
      cutOff: run.cutOff,
      connections: countConnections(lane, sessions),
      commands: run.performed.length,
      ...judgeLoad(strategy, profile, observation, run.cutOff),
    }
  } catch (error) {
    // Statements may still be under way. If the server is gone, what is known already says so.
    await lane.recover().catch(() => undefined)
    throw error
  }
}

/** @throws {UsageError} when there is none. */
function profileOf(workload: AnyWorkload, contention: Contention): LoadProfile<Rows, AnyCommand> {
  const profile = workload.load?.[contention]
  if (profile) return profile
  throw new UsageError(
    `Workload "${workload.name}" says nothing about loads: give it a member "load", with a profile "${contention}".`,
  )
}

const tooMany = 'There are too many commands to look for a serial order of all of them.'

type Judgement = Pick<LoadResult, 'violations' | 'notJudged'>

/** @param cutOff commands of which some may have been done by half: what they broke is not held against it */
function judgeLoad(
  { workload, claims }: Strategy,
  { beyond }: LoadProfile<Rows, AnyCommand>,
  observation: Observation<Rows, AnyCommand>,
  cutOff: number,
): Judgement {
  const violations: Violation[] = []
  const notJudged: { invariant: string; reason: string }[] = []
  for (const { name, check } of workload.invariants) {
    if (!claims.includes(name)) continue
    const message = check(observation)
    const reason = message === undefined ? beyond[name] : whyPerhaps(cutOff, message)
    if (reason !== undefined) notJudged.push({ invariant: name, reason })
    else if (message !== undefined) violations.push({ invariant: name, message })
  }
  notJudged.push({ invariant: serial.name, reason: tooMany })
  return { violations, notJudged }
}

const whyPerhaps = (cutOff: number, message: string): string | undefined =>
  cutOff === 0
    ? undefined
    : `${count(cutOff, 'command was', 'commands were')} cut off, perhaps half done, and so nobody knows whose fault this is: ${message}`

/** What is being measured. */
interface Measurement {
  readonly startedAt: number
  readonly replies: ReplyCounter
  /** As it was when the measurement began. */
  readonly before: { readonly retries: number; readonly aborts: number }
}

type Measured = Pick<
  LoadResult,
  | 'elapsedMs'
  | 'replies'
  | 'commandsPerSecond'
  | 'latencyMs'
  | 'histogram'
  | 'retries'
  | 'aborts'
  | 'lockWaitMs'
>

class LoadRun {
  readonly performed: PerformedCommand<AnyCommand>[] = []
  cutOff = 0
  readonly #options: LoadOptions
  readonly #command: (number: number) => AnyCommand
  readonly #company: Company
  readonly #clients: readonly Client[]
  readonly #effort = new Effort()
  readonly #histogram = newHistogram()
  #measurement: Measurement | undefined
  #meter: LockWaitMeter | undefined
  readonly #over = new AbortController()
  /** Commands begun. */
  #begun = 0
  #isEnding = false

  constructor(
    options: LoadOptions,
    sessions: readonly ActorSession[],
    command: (number: number) => AnyCommand,
  ) {
    const { strategy, lane, attempts } = options
    this.#options = options
    this.#command = command
    this.#company = companyOf(lane, strategy, attempts)
    this.#clients = clientsOf(this.#company, options.clients, sessions)
    this.#company.host?.desk.watch(() => this.#effort.watch())
  }

  async execute(): Promise<Measured> {
    const { signal } = this.#options
    const working = Promise.all(this.#clients.map((client) => this.#work(client)))
    try {
      const measured = await unlessStopped(signal, this.#measure(working))
      await unlessStopped(signal, this.#end(working))
      if (this.#effort.statements === 0) throw this.#silent()
      return measured
    } finally {
      this.#company.isOver = true
      this.#over.abort()
      this.#meter?.end().catch(() => {})
    }
  }

  /** Waits for the commands that are under way, or cuts them off. */
  async #end(working: Promise<unknown>): Promise<void> {
    const { lane, strategy, limitMs = defaultLimitMs } = this.#options
    if (await endsWithin(limitMs, working)) return
    const unfinished = this.#clients.flatMap(({ underWay }) => underWay ?? [])
    await checkUnfinished(lane, strategy.name, unfinished, limitMs)
    this.#company.isOver = true
    await lane.recover()
    this.performed.push(...unfinished.map(({ performed }) => performed))
    this.cutOff = unfinished.length
  }

  async #work(client: Client): Promise<void> {
    while (!this.#isEnding) {
      const command = this.#command(this.#begun)
      this.#begun += 1
      const { steps } = this.#company
      const startedAt = performance.now()
      const isCounted = isCore(this.#options.strategy, command)
      const witness = isCounted ? this.#effort.watch() : undefined
      const performed = await client.perform(command, witness)
      if (this.#company.isOver) return
      this.performed.push(performed)
      if (isCounted) this.#note(performed, performance.now() - startedAt)
      // One that asks nothing of the database would keep everybody else from running, timers included.
      if (this.#company.steps === steps) await nextTurn()
    }
  }

  #note({ reply }: PerformedCommand<AnyCommand>, ms: number): void {
    if (!this.#measurement) return
    this.#measurement.replies.add(reply)
    if (reply.kind === 'ok') record(this.#histogram, ms)
  }

  /** @param working rejects when there is nothing to be measured any more */
  async #measure(working: Promise<unknown>): Promise<Measured> {
    const { lane, warmUpMs, durationMs } = this.#options
    const ended = working.then(() => undefined)
    const pass = (ms: number) => sleep(ms, undefined, { signal: this.#over.signal })
    await Promise.race([pass(warmUpMs), ended])
    const meter = new LockWaitMeter(lane)
    this.#meter = meter
    const { retries, aborts } = this.#effort
    const measurement = {
      startedAt: performance.now(),
      replies: new ReplyCounter(),
      before: { retries, aborts },
    }
    this.#measurement = measurement
    await Promise.race([pass(durationMs), ended])
    this.#measurement = undefined
    const measured = this.#summary(measurement)
    this.#isEnding = true
    return { ...measured, lockWaitMs: await meter.end() }
  }

  #summary({ startedAt, replies, before }: Measurement): Omit<Measured, 'lockWaitMs'> {
    const elapsedMs = performance.now() - startedAt
    const { counts } = replies
    return {
      elapsedMs,
      replies: counts,
      commandsPerSecond: (counts.ok / elapsedMs) * 1000,
      latencyMs: latencyOf(this.#histogram),
      histogram: encodeIntoCompressedBase64(this.#histogram),
      retries: this.#effort.retries - before.retries,
      aborts: this.#effort.aborts - before.aborts,
    }
  }

  #silent(): Fault {
    return new StrategyFault(
      `Strategy "${this.#options.strategy.name}" sent no statement, so there was nothing to measure: its statements must go through the session it is given.`,
    )
  }
}
