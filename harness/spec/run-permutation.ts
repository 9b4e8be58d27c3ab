import { setImmediate as turn } from 'node:timers/promises'
import type { SpecAnswer } from '../databases/engines/postgres/spec-answer.ts'
import type { SpecConnection } from '../databases/engines/postgres/spec-connection.ts'
import type { SpecConnections } from '../databases/engines/postgres/spec-connections.ts'
import type { Habits } from './habits.ts'
import type { Stage } from './stage.ts'
import type { Permutation, PermutationStep, Spec } from './spec.ts'
import { lines, showResult, showRows } from './transcript.ts'

/** Where what is printed goes: the tool's standard output, or its standard error. */
export type Stream = 'out' | 'err'
export type Write = (stream: Stream, text: string) => void

/** A run cannot go on. What there is to say has been written. */
export class SpecEnded extends Error {
  override readonly name = 'SpecEnded'
}

export interface PermutationOptions {
  readonly spec: Spec
  readonly connections: SpecConnections
  readonly habits: Habits
  readonly stage: Stage
  /** How long a step may take before it is cancelled; after twice that, the run is given up. */
  readonly stepLimitMs: number
  readonly write: Write
}

export interface PermutationOutcome {
  /** Names of the steps that took too long. */
  readonly cancelled: readonly string[]
}

/**
 * Runs one permutation as PostgreSQL's isolation tester does, in its words: each step is sent when the
 * one before has completed or waits; whoever waits is looked at again after every step.
 *
 * Where the tool gives every statement 10 ms before it asks the server whether it waits, and each
 * waiter as much again after each step, this asks as soon as there is something to ask, and takes for
 * an answer only a state that lasts: everybody under way waits for somebody, and nobody in a circle.
 * Where that state does not come, the tool's own 10 ms decide.
 * Source: PostgreSQL, src/test/isolation/isolationtester.c, `run_permutation`.
 *
 * @throws {SpecEnded} when it cannot go on, where the tool would exit.
 */
export async function runPermutation(
  options: PermutationOptions,
  permutation: Permutation,
): Promise<PermutationOutcome> {
  return new PermutationRun(options, permutation).run()
}

/** A step that has been sent, and not yet been reported as completed. */
interface ActiveStep {
  readonly planned: PermutationStep
  readonly connection: SpecConnection
  readonly answer: SpecAnswer
  /** By session, how many notices it must have sent for a step that waits for that. */
  readonly noticesDue: ReadonlyMap<PermutationStep['blockers'][number], number>
  /** Names the step, and how far each session has come. */
  readonly place: string
  isCancelled: boolean
  /** The server has said that it waits, and since then nobody has done what could release it. */
  isKnownToWait: boolean
}

/** How the tool looks at a step. */
interface Look {
  /** Whether a wait ends the look. */
  readonly mayWait: boolean
  /** Whether it has been looked at before. */
  readonly isRetry: boolean
}

class PermutationRun {
  readonly #options: PermutationOptions
  readonly #permutation: Permutation
  readonly #active = new Map<number, ActiveStep>()
  /** Those of the active ones that have been reported to wait, in that order. */
  #waiting: ActiveStep[] = []
  readonly #noticeCounts: number[]
  /** How many steps of each session have been sent. */
  readonly #sentCounts: number[]
  #noticesSeen = 0
  readonly #cancelled: string[] = []
  /** Answers to steps whose turn has not come, by their place in the permutation. */
  readonly #sentAhead = new Map<number, SpecAnswer>()

  constructor(options: PermutationOptions, permutation: Permutation) {
    this.#options = options
    this.#permutation = permutation
    this.#noticeCounts = options.spec.sessions.map(() => 0)
    this.#sentCounts = options.spec.sessions.map(() => 0)
  }

  async run(): Promise<PermutationOutcome> {
    this.#print(lines.starting(this.#permutation))
    await this.#setUp()
    for (const index of this.#permutation.keys()) await this.#take(index)
    await this.#lookAtWaiters({ mayWait: false, isRetry: true })
    if (this.#waiting.length > 0) {
      this.#end('failed to complete permutation due to mutually-blocking steps\n')
    }
    await this.#tearDown()
    return { cancelled: this.#cancelled }
  }

  async #setUp(): Promise<void> {
    const { spec, connections, stage } = this.#options
    for (const setup of stage.enter() ? [] : spec.setups) {
      const failure = await this.#execute(connections.control, setup, 'setup')
      if (failure !== undefined) this.#end(`setup failed: ${failure}`)
    }
    for (const [index, { name, setup }] of spec.sessions.entries()) {
      if (setup === undefined) continue
      const what = `setup of session ${name}`
      const failure = await this.#execute(this.#connection(index), setup, what, index)
      if (failure !== undefined) this.#end(`${what} failed: ${failure}`)
    }
  }

  async #tearDown(): Promise<void> {
    const { spec, connections, stage } = this.#options
    for (const [index, { name, teardown }] of spec.sessions.entries()) {
      if (teardown === undefined) continue
      const what = `teardown of session ${name}`
      const failure = await this.#execute(this.#connection(index), teardown, what, index)
      if (failure !== undefined) this.#complain(`${what} failed: ${failure}`)
    }
    if (spec.teardown === undefined || (await stage.restore())) return
    const failure = await this.#execute(connections.control, spec.teardown, 'teardown')
    if (failure !== undefined) this.#complain(`teardown failed: ${failure}`)
  }

  /**
   * Runs a text of a session, or of nobody's, whose notices are not shown. Returns what failed. Where the
   * tool would wait for ever, as for a session that is left in a transaction, this gives up as with a step.
   */
  async #execute(
    connection: SpecConnection,
    text: string,
    what: string,
    session?: number,
  ): Promise<string | undefined> {
    const limitMs = 2 * this.#options.stepLimitMs
    const answer = connection.send(text)
    await answer.done(limitMs)
    if (answer.isBusy) this.#end(`${what} timed out after ${wholeSeconds(limitMs)} seconds\n`)
    const { notices, result } = answer.summary()
    if (session !== undefined) this.#showNotices(session, notices)
    if (result.kind === 'rows') this.#print(showRows(result.columns, result.rows))
    return result.kind === 'error' ? result.text : undefined
  }

  async #take(index: number): Promise<void> {
    const planned = this.#permutation[index] as PermutationStep
    const { session } = planned.step
    if (this.#active.has(session)) await this.#waitForSession(session)
    const active = this.#send(planned, index)
    const isCompleted = await this.#look(active, { mayWait: true, isRetry: false })
    await this.#lookAtWaiters({ mayWait: true, isRetry: true })
    if (!isCompleted) this.#waiting.push(active)
  }

  /** The next step's session is still at an earlier one. */
  async #waitForSession(session: number): Promise<void> {
    const startedAt = performance.now()
    for (;;) {
      const active = this.#active.get(session)
      if (!active) return
      if (await this.#look(active, { mayWait: false, isRetry: true })) {
        this.#waiting = this.#waiting.filter((each) => each !== active)
      }
      await this.#lookAtWaiters({ mayWait: true, isRetry: true })
      const elapsedMs = performance.now() - startedAt
      if (this.#active.has(session) && elapsedMs > 2 * this.#options.stepLimitMs) {
        this.#giveUp(active, elapsedMs)
      }
      if (this.#active.has(session)) await this.#options.habits.pause()
    }
  }

  #send(planned: PermutationStep, index: number): ActiveStep {
    const { step } = planned
    const { session, sql } = step
    const connection = this.#connection(session)
    const answer = this.#sentAhead.get(index) ?? connection.send(sql)
    this.#sendAhead(index)
    const noticesDue = new Map(
      planned.blockers.flatMap((blocker) =>
        blocker.kind === 'notices'
          ? [[blocker, blocker.count + (this.#noticeCounts[blocker.step.session] ?? 0)]]
          : [],
      ),
    )
    const active = {
      planned,
      connection,
      answer,
      noticesDue,
      place: `${step.name} ${this.#sentCounts.join()}`,
      isCancelled: false,
      isKnownToWait: false,
    }
    this.#active.set(session, active)
    this.#sentCounts[session] = (this.#sentCounts[session] ?? 0) + 1
    return active
  }

  /**
   * Sends what the same session does next as well, where nobody can tell: nothing else would happen
   * before, and there is no waiter who might be released in between.
   */
  #sendAhead(index: number): void {
    if (!this.#options.habits.mayHurry || this.#active.size > 0) return
    const first = this.#permutation[index]
    for (let at = index; ; at++) {
      const planned = this.#permutation[at]
      if (planned?.step.session !== first?.step.session || planned?.blockers.length !== 0) return
      if (at === index || this.#sentAhead.has(at)) continue
      this.#sentAhead.set(at, this.#connection(planned.step.session).send(planned.step.sql))
    }
  }

  /** Looks at every waiter, and again as long as one of them may have released another. */
  async #lookAtWaiters(look: Look): Promise<void> {
    for (;;) {
      const before = this.#waiting.length
      const noticesBefore = this.#noticesSeen
      let hasBlocker = false
      for (const active of this.#waiting) {
        if (await this.#look(active, look)) {
          this.#waiting = this.#waiting.filter((each) => each !== active)
        } else if (active.planned.blockers.length > 0) hasBlocker = true
      }
      const hasMoved = this.#waiting.length < before || this.#noticesSeen > noticesBefore
      if (!hasBlocker || !hasMoved) return
    }
  }

  /** Whether the step has completed, and been reported so. */
  async #look(active: ActiveStep, { mayWait, isRetry }: Look): Promise<boolean> {
    const { step, blockers } = active.planned
    if (!isRetry && blockers.some(({ kind }) => kind === 'once')) {
      this.#print(lines.waiting(step))
      this.#forgetWaits() // nobody has looked whether it has released somebody
      return false
    }
    const isAnswered = await this.#settle(active, { mayWait, isRetry })
    if (!isAnswered || this.#isHeldBack(active)) {
      if (!isRetry) this.#print(lines.waiting(step))
      if (isAnswered) this.#forgetWaits()
      return false
    }
    this.#print(isRetry ? lines.completed(step) : lines.atOnce(step))
    this.#report(active)
    return true
  }

  /** Waits until the step is answered, or `mayWait` and the server says that it waits. */
  async #settle(active: ActiveStep, { mayWait, isRetry }: Look): Promise<boolean> {
    const { answer } = active
    const { habits } = this.#options
    const startedAt = performance.now()
    this.#collectNotices(active)
    if (mayWait && active.isKnownToWait && answer.isBusy) return false
    let patience = isRetry ? habits.patienceForWaiter : habits.patienceFor(active.place)
    while (answer.isBusy) {
      if (patience > 0) await answer.done(patience)
      patience = habits.patienceAfter(patience)
      this.#collectNotices(active)
      if (!answer.isBusy) break
      if (mayWait && (await this.#isStuck(active, startedAt))) {
        if (!isRetry) habits.hasWaited(active.place)
        return false
      }
      await this.#enforceLimit(active, performance.now() - startedAt)
    }
    this.#collectNotices(active)
    return true
  }

  /** Whether the server says that the step waits, and nothing under way will change that. */
  async #isStuck(active: ActiveStep, startedAt: number): Promise<boolean> {
    const busy = [...this.#active.values()].filter(({ answer }) => answer.isBusy)
    const elapsedMs = performance.now() - startedAt // what the answer is true of
    const waits = await this.#options.connections.waits(busy.map(({ connection }) => connection))
    const own = waits.find(({ pid }) => pid === active.connection.pid)
    if (!own?.isBlocked) return false
    // The session may wait in a step that was sent ahead: then the answer to this one is here already,
    // and only has to be read.
    await turn()
    this.#collectNotices(active)
    if (!active.answer.isBusy) return false
    // A step that waits may have released somebody before, so this is about all of them.
    const isKnownToWait = this.#options.habits.isStanding(waits)
    for (const each of this.#active.values()) each.isKnownToWait = isKnownToWait
    return this.#options.habits.isLasting(waits, elapsedMs)
  }

  async #enforceLimit(active: ActiveStep, elapsedMs: number): Promise<void> {
    const { stepLimitMs, connections } = this.#options
    const { step } = active.planned
    if (elapsedMs > stepLimitMs && !active.isCancelled) {
      active.isCancelled = true
      await connections.cancel(active.connection)
      this.#print(lines.cancelling(step, wholeSeconds(elapsedMs)))
      this.#cancelled.push(step.name)
    }
    if (elapsedMs > 2 * stepLimitMs) {
      this.#end(`step ${step.name} timed out after ${wholeSeconds(elapsedMs)} seconds\n`)
    }
  }

  #giveUp({ planned }: ActiveStep, elapsedMs: number): never {
    const names = [...this.#active.values()].map((each) => ` ${each.planned.step.name}`)
    this.#complain(`step ${planned.step.name} timed out after ${wholeSeconds(elapsedMs)} seconds\n`)
    this.#end(`active steps are:${names.join('')}\n`)
  }

  /** Whether an annotation keeps an answered step from being reported. */
  #isHeldBack({ planned, noticesDue }: ActiveStep): boolean {
    return planned.blockers.some((blocker) => {
      switch (blocker.kind) {
        case 'once':
          return false
        case 'step':
          return this.#active.get(blocker.step.session)?.planned.step === blocker.step
        case 'notices':
          return (this.#noticeCounts[blocker.step.session] ?? 0) < (noticesDue.get(blocker) ?? 0)
      }
    })
  }

  #report({ planned, connection, answer }: ActiveStep): void {
    const { session } = planned.step
    for (let next = answer.takeResult(); next; next = answer.takeResult()) {
      this.#showNotices(session, next.notices)
      this.#print(showResult(next.result))
    }
    const { name } = this.#session(session)
    for (const notification of connection.takeNotifications()) {
      this.#print(lines.notification(name, notification, this.#senderOf(notification.pid)))
    }
    this.#active.delete(session)
    if (this.#options.habits.mayRelease(planned.step, answer.staysInTransaction))
      this.#forgetWaits()
  }

  #forgetWaits(): void {
    for (const each of this.#active.values()) each.isKnownToWait = false
  }

  #senderOf(sender: number): string {
    const { spec, connections } = this.#options
    const index = connections.sessions.findIndex(({ pid }) => pid === sender)
    return spec.sessions[index]?.name ?? `PID ${sender}`
  }

  #collectNotices({ planned, answer }: ActiveStep): void {
    this.#showNotices(planned.step.session, answer.takeNotices())
  }

  #showNotices(session: number, notices: readonly string[]): void {
    for (const text of notices) {
      this.#print(lines.notice(this.#session(session).name, text))
      this.#noticeCounts[session] = (this.#noticeCounts[session] ?? 0) + 1
      this.#noticesSeen += 1
    }
  }

  #connection(session: number): SpecConnection {
    return this.#options.connections.sessions[session] as SpecConnection
  }

  #session(index: number): { readonly name: string } {
    return this.#options.spec.sessions[index] as { readonly name: string }
  }

  #print(text: string): void {
    if (text !== '') this.#options.write('out', text)
  }

  #complain(text: string): void {
    this.#options.write('err', text)
  }

  #end(text: string): never {
    this.#complain(text)
    throw new SpecEnded(text.trimEnd())
  }
}

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000)
