import { Standstill, StepLimitReached, type Fault } from '../errors.ts'
import type { ErrorClass } from '../databases/database-error.ts'
import type { ActorId, History, RunEvent } from '../history.ts'
import type { Plan } from '../plan.ts'
import type { AbortClass } from '../reply.ts'
import type { RunRecord } from '../run.ts'
import { count } from '../words.ts'

/** Whether commands came to an end, and by what, over many runs. */
export interface LivenessSummary {
  /** Runs that ended by themselves, and their commands. */
  readonly runs: number
  readonly commands: number
  /** Commands that were aborted, by what they were told. */
  readonly aborted: { readonly [Class in AbortClass]?: number }
  /** Aborted commands that had made as many attempts as the plan allows, each of which failed. */
  readonly attemptsUsedUp: number
  /** Runs in which every command was aborted: nobody got anything done. */
  readonly runsWithoutProgress: number
  /** Runs in which everybody waited for somebody, and the database did not break it. */
  readonly standstills: number
  /** Runs that were stopped at the limit of steps, and how many statements were refused in them. */
  readonly endless: number
  readonly refusedInEndless: number
}

/**
 * Counts what keeps commands from getting anything done. It is no verdict: a strategy that aborts
 * every command is safe.
 *
 * Source: the terms are those of Coffman, Elphick and Shoshani, "System Deadlocks", ACM Computing
 * Surveys 1971, for the standstill, and of Alpern and Schneider, "Defining liveness", IPL 1985.
 */
export class Liveness {
  readonly #aborted = new Map<AbortClass, number>()
  #runs = 0
  #commands = 0
  #attemptsUsedUp = 0
  #runsWithoutProgress = 0
  #standstills = 0
  #endless = 0
  #refusedInEndless = 0

  /** A run that ended by itself, and its plan. */
  add(
    { observation: { commands }, history }: RunRecord,
    { attempts }: Pick<Plan, 'attempts'>,
  ): void {
    this.#runs += 1
    this.#commands += commands.length
    for (const { reply } of commands) {
      if (reply.kind !== 'aborted') continue
      this.#aborted.set(reply.error, (this.#aborted.get(reply.error) ?? 0) + 1)
    }
    this.#attemptsUsedUp += commandsOf(history).filter((events) => usedUp(events, attempts)).length
    if (commands.length > 0 && commands.every(({ reply }) => reply.kind === 'aborted')) {
      this.#runsWithoutProgress += 1
    }
  }

  /** A run that ended in a fault. Most say nothing about liveness, and are not counted. */
  addFault(fault: Fault): void {
    if (fault instanceof Standstill) this.#standstills += 1
    if (!(fault instanceof StepLimitReached)) return
    this.#endless += 1
    this.#refusedInEndless += fault.refusals
  }

  /** What has been counted so far. */
  summary(): LivenessSummary {
    return {
      runs: this.#runs,
      commands: this.#commands,
      aborted: Object.fromEntries(this.#aborted),
      attemptsUsedUp: this.#attemptsUsedUp,
      runsWithoutProgress: this.#runsWithoutProgress,
      standstills: this.#standstills,
      endless: this.#endless,
      refusedInEndless: this.#refusedInEndless,
    }
  }
}

/** One line for people; undefined when every command of every run came to its end. */
export function describeLiveness(summary: LivenessSummary): string | undefined {
  const classes = Object.entries(summary.aborted)
  const aborted = classes.reduce((total, [, number]) => total + number, 0)
  const parts: string[] = []
  if (aborted > 0) {
    const which = classes.map(([errorClass, number]) => `${number} ${errorClass}`).join(', ')
    parts.push(`${aborted} of ${count(summary.commands, 'command')} aborted (${which})`)
  }
  if (summary.attemptsUsedUp > 0) parts.push(`${summary.attemptsUsedUp} with all attempts used up`)
  if (summary.runsWithoutProgress > 0) {
    parts.push(`in ${count(summary.runsWithoutProgress, 'run')} every command was aborted`)
  }
  if (summary.standstills > 0) {
    parts.push(`${count(summary.standstills, 'run')} in which everybody waited for ever`)
  }
  if (summary.endless > 0) {
    const refused = summary.refusedInEndless
    const why = refused > 0 ? `, after ${count(refused, 'refused statement')}` : ''
    parts.push(`${count(summary.endless, 'run')} without an end${why}`)
  }
  return parts.length === 0 ? undefined : parts.join('; ')
}

/** The events of each command, its reply the last. */
function commandsOf(history: History): RunEvent[][] {
  const underWay = new Map<ActorId, RunEvent[]>()
  const commands: RunEvent[][] = []
  for (const event of history) {
    const events = underWay.get(event.actor) ?? []
    events.push(event)
    underWay.set(event.actor, events)
    if (event.kind !== 'replied') continue
    commands.push(events)
    underWay.delete(event.actor)
  }
  return commands
}

/** Refusals for which a strategy may well try again. */
const retryable: ReadonlySet<AbortClass | ErrorClass> = new Set<AbortClass>([
  'deadlock',
  'serialization failure',
  'lock timeout',
  'conflict',
])

function usedUp(events: readonly RunEvent[], attempts: number): boolean {
  const last = events.at(-1)
  return (
    last?.kind === 'replied' &&
    last.reply.kind === 'aborted' &&
    retryable.has(last.reply.error) &&
    failedAttempts(events) >= attempts
  )
}

/**
 * Attempts that came to nothing: transactions that were rolled back, and whatever the database refused
 * and ended at once, as it does with a statement outside a transaction, or in it for a deadlock.
 */
function failedAttempts(events: readonly RunEvent[]): number {
  let failed = 0
  let isInside = false
  for (const event of events) {
    if (event.kind === 'disconnected') {
      failed += 1
      isInside = false
    }
    if (event.kind !== 'completed' && event.kind !== 'failed') continue
    const isOver = event.transaction === 'none'
    const isRefused = event.kind === 'failed' && retryable.has(event.error.errorClass)
    if (isOver && (isRefused || (isInside && answersRollback(events, event)))) failed += 1
    isInside = !isOver
  }
  return failed
}

/** Whether the step that this event answers was a ROLLBACK. */
function answersRollback(events: readonly RunEvent[], answer: RunEvent): boolean {
  if (answer.kind !== 'completed') return false
  const sent = events.find((event) => event.kind === 'sent' && event.step === answer.step)
  if (sent?.kind !== 'sent' || sent.request.kind === 'sleep') return false
  return /^\s*(?:rollback|abort)\s*$/i.test(sent.request.statement.parts[0] ?? '')
}
