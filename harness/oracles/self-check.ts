import { isDeepStrictEqual } from 'node:util'
import type { Rows } from '../databases/engine.ts'
import { showRow } from '../databases/statement.ts'
import { faultTypes } from '../faults/index.ts'
import { actorName, type ActorId, type History, type RunEvent } from '../history.ts'
import { queueBehind } from '../scheduler/wait-graph.ts'
import { describeReply } from '../reply.ts'
import type { RunRecord } from '../run.ts'
import { describeStep } from '../session.ts'
import { count } from '../words.ts'
import { Contents, type TableDifference } from './contents.ts'

/** Where two runs of one plan first went apart. */
export interface RunDifference {
  /** What differs: an event of the history, a reply, a state after a commit, or the last one. */
  readonly what: 'event' | 'reply' | 'committed state' | 'final state'
  /**
   * Number of the step after which it shows: 0 before the first one, and the last one where it is the
   * state that differs.
   */
  readonly step: number
  /** Whose event or reply it is, the first time. Left out where it is the state. */
  readonly actor?: ActorId
  /** What the first run and the second came to there, as people read it. */
  readonly first: string
  readonly second: string
  /** See {@link differenceBetween}. */
  readonly cause: 'database chose among several waiters' | 'unexplained'
  /** One or two sentences. */
  readonly message: string
}

/**
 * Compares two executions of one plan: their histories event by event, then replies, committed states
 * and the final state, tables as multisets of rows. The same plan has to give the same run, so any
 * difference is a finding: something outlasts a run (in the strategy, in the database), or is decided
 * by time or chance.
 *
 * There is one legitimate chance: where one step releases several waiting actors, the database chooses
 * who comes first. That is given as the cause only if the histories show it: they are the same up to
 * a step of an actor for whom at least two others waited; that actor, and whoever did not wait for it,
 * go the same way in both runs; in both, somebody who had waited goes on; and it shows before the next
 * step is sent. Or it shows later, in whom somebody waits for: those who were released together may share
 * a lock, which of them came first could not be seen, and PostgreSQL waits for one after the other. A
 * real fault could still hide there, if it changed nothing but who of several waiters
 * goes first; so the cause is told and never swallowed, and a run in which nobody queued tells more.
 * What differs later, after steps that are the same, is unexplained.
 *
 * @returns undefined when they are the same.
 */
export function differenceBetween(first: RunRecord, second: RunRecord): RunDifference | undefined {
  return (
    differentEvent(first.history, second.history) ??
    differentReply(first, second) ??
    differentState(first, second)
  )
}

function differentEvent(first: History, second: History): RunDifference | undefined {
  const length = Math.max(first.length, second.length)
  for (let place = 0; place < length; place++) {
    const [one, other] = [first[place], second[place]]
    if (isDeepStrictEqual(one, other)) continue
    const step = lastStep(first.slice(0, place + 1), second.slice(0, place + 1))
    const actor = one?.actor ?? other?.actor
    const chosen = releasedBefore(first, second, place)
    const released = chosen.length > 0 ? chosen : sharersOf(first.slice(0, place), one, other)
    return difference({
      what: 'event',
      step,
      ...(actor !== undefined && { actor }),
      ...apart(one, other),
      released,
    })
  }
  return undefined
}

/** The actors of whom the database chose one, where the histories show that it did. */
function releasedBefore(first: History, second: History, place: number): readonly ActorId[] {
  const before = first.slice(0, place)
  const began = before.findLastIndex((event) => event.kind === 'sent')
  const sent = before[began]
  // Until the choice itself differs, nothing is chosen by the database.
  if (!sent || isSending(first[place]) || isSending(second[place])) return []
  const waiting = new Set(queueBehind(sent.actor, waitsAfter(first.slice(0, began))))
  const groups = [first, second].map((history) => untilNextStep(history, began + 1))
  const others = groups.map((group) => group.filter(({ actor }) => !waiting.has(actor)))
  const isTheSame = isDeepStrictEqual(others[0], others[1])
  const wentOn = groups.every((group) =>
    group.some((event) => event.kind === 'unblocked' && waiting.has(event.actor)),
  )
  return waiting.size > 1 && isTheSame && wentOn ? [...waiting].toSorted((a, b) => a - b) : []
}

/**
 * Actors that were released by the same step and have not ended their transactions since, where one of
 * them holds somebody up in one run, and in the other another one, or a circle.
 */
function sharersOf(
  before: History,
  one: RunEvent | undefined,
  other: RunEvent | undefined,
): readonly ActorId[] {
  if (!one || !other || one.actor !== other.actor) return []
  const [first, second] = [holdersOf(one), holdersOf(other)]
  if (!first || !second) return []
  const differ = first.symmetricDifference(second)
  const group = releasedTogether(before).find((each) => differ.size > 0 && differ.isSubsetOf(each))
  return group && group.size > 1 ? [...group].toSorted((a, b) => a - b) : []
}

/** Whom an actor waits for; nobody, where its wait would have closed a circle. */
function holdersOf(event: RunEvent): Set<ActorId> | undefined {
  if (event.kind === 'blocked') return new Set(event.by)
  const isVictim = event.kind === 'failed' && event.error.errorClass === 'deadlock'
  return isVictim ? new Set() : undefined
}

/** Groups of actors that one step has released, without those whose transactions have ended since. */
function releasedTogether(history: History): readonly ReadonlySet<ActorId>[] {
  const groups: Set<ActorId>[] = []
  for (const event of history) {
    if (event.kind === 'sent') groups.push(new Set())
    if (event.kind === 'unblocked') groups.at(-1)?.add(event.actor)
    const hasEnded =
      event.kind === 'disconnected' || ('transaction' in event && event.transaction === 'none')
    if (hasEnded) for (const group of groups) group.delete(event.actor)
  }
  return groups
}

const isSending = (event: RunEvent | undefined): boolean => event?.kind === 'sent'

function untilNextStep(history: History, from: number): History {
  const end = history.findIndex((event, place) => place >= from && event.kind === 'sent')
  return history.slice(from, end < 0 ? undefined : end)
}

function waitsAfter(history: History): Map<ActorId, readonly ActorId[]> {
  const waits = new Map<ActorId, readonly ActorId[]>()
  for (const event of history) {
    if (event.kind === 'blocked') waits.set(event.actor, event.by)
    if (event.kind === 'unblocked') waits.delete(event.actor)
  }
  return waits
}

function differentReply(first: RunRecord, second: RunRecord): RunDifference | undefined {
  const [replies, others] = [first, second].map(({ observation }) => observation.commands)
  for (const [place, one] of (replies ?? []).entries()) {
    const other = others?.[place]
    if (isDeepStrictEqual(one, other)) continue
    return difference({
      what: 'reply',
      step: one.endedAt,
      actor: one.actor,
      first: `${actorName(one.actor)} is told ${describeReply(one.reply)}`,
      second: other
        ? `${actorName(other.actor)} is told ${describeReply(other.reply)}`
        : 'nobody is told anything',
    })
  }
  return undefined
}

function differentState(first: RunRecord, second: RunRecord): RunDifference | undefined {
  const [ours, theirs] = [first.observation, second.observation]
  const step = Math.max(first.steps, second.steps)
  if (ours.committed.length !== theirs.committed.length) {
    return difference({
      what: 'committed state',
      step,
      first: `${count(ours.committed.length, 'committed state')} can be seen`,
      second: `${theirs.committed.length} can be seen`,
    })
  }
  const states = [
    ...ours.committed.map((state, place) => ['committed state', state, theirs.committed[place]]),
    ['final state', ours.final, theirs.final],
  ] as const
  for (const [what, one, other] of states as readonly StatePair[]) {
    const [table] = contentsOf(one, other).differences(one, other)
    if (table) return difference({ what, step, ...describeTable(table) })
  }
  return undefined
}

type StatePair = readonly [what: 'committed state' | 'final state', one: Rows, other: Rows]

/** By all the columns that there are. */
function contentsOf(one: Rows, other: Rows): Contents {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return new Contents(
    [...names].map((name) => {
      const rows = [...(one[name] ?? []), ...(other[name] ?? [])]
      return { name, columns: [...new Set(rows.flatMap((row) => Object.keys(row)))] }
    }),
  )
}

function describeTable({ table, onlyFirst, onlySecond }: TableDifference) {
  const shown = (rows: readonly Rows[string][number][]): string =>
    rows.length === 0
      ? `${table} has no such row`
      : `${table} has ${rows.map((row) => `(${showRow(row)})`).join(', ')}`
  return { first: shown(onlyFirst), second: shown(onlySecond) }
}

/** The last step that was sent in either. */
function lastStep(first: History, second: History): number {
  const steps = [...first, ...second].map((event) => (event.kind === 'sent' ? event.step : 0))
  return Math.max(0, ...steps)
}

function apart(one: RunEvent | undefined, other: RunEvent | undefined) {
  const [first, second] = [describeEvent(one), describeEvent(other)]
  // What people need not read, such as the transaction's state, can be all that differs.
  if (first !== second) return { first, second }
  return { first: JSON.stringify(one), second: JSON.stringify(other) }
}

function describeEvent(event: RunEvent | undefined): string {
  if (!event) return 'the run has ended'
  const name = actorName(event.actor)
  switch (event.kind) {
    case 'parked':
      return `${name} asks for ${describeStep(event.request)}`
    case 'sent':
      return `${name} sends ${describeStep(event.request)}`
    case 'blocked':
      return `${name} waits for ${event.by.map(actorName).join(', ')}`
    case 'unblocked':
      return `${name} goes on`
    case 'completed':
      return event.rows.length === 0
        ? `${name} gets no rows, and ${event.affectedRows} written`
        : `${name} gets ${event.rows.map((row) => `(${showRow(row)})`).join(', ')}`
    case 'failed':
      return `${name} is refused: ${event.error.errorClass} (${event.error.code}: ${event.error.message})`
    case 'noted':
      return `${name} notes "${event.text}"`
    case 'shares':
      return `${name} uses the memory of process ${event.process}`
    case 'fault':
      return `${name} is struck: ${faultTypes[event.fault].title}`
    case 'disconnected':
      return `${name} closes its connection inside a transaction`
    case 'reconnected':
      return `${name} connects again`
    case 'replied':
      return `${name} is told ${describeReply(event.reply)}`
  }
}

function difference({
  released = [],
  ...found
}: Omit<RunDifference, 'cause' | 'message'> & {
  readonly released?: readonly ActorId[]
}): RunDifference {
  const where = found.step === 0 ? 'before its first step' : `at step ${found.step}`
  const why =
    released.length > 0
      ? `The database may have chosen otherwise: ${released.map(actorName).join(' and ')} had waited.`
      : 'Nothing in the history explains it: something outlasts a run, or time or chance decides it.'
  return {
    ...found,
    cause: released.length > 0 ? 'database chose among several waiters' : 'unexplained',
    message: `Executed twice, the run differs ${where}: first ${found.first}, and then ${found.second}. ${why}`,
  }
}
