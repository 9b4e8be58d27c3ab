import type { Rows } from '../databases/engine.ts'
import { showRow } from '../databases/statement.ts'
import { actorName, type ActorId } from '../history.ts'
import type { Observation, PerformedCommand } from '../invariant.ts'
import type { Reply } from '../reply.ts'
import { count } from '../words.ts'
import type { AnyCommand, AnyWorkload } from '../workload.ts'
import {
  OrderSearch,
  TooManyOrders,
  commandsInOrder,
  differencesOf,
  mostCommands,
  serialByModel,
  type SerialCommand,
  type SerialDifference,
  type SerialOrder,
  type SerialOutcome,
} from './serial-orders.ts'

/** Whether a run went as if its commands had been done one after the other. */
export type SerialEquivalence =
  | {
      readonly outcome: 'serial'
      /** An order that gives these replies and this state. */
      readonly order: SerialOrder
      /**
       * Whether there is such an order in which whoever was answered before another began comes first:
       * strict serializability. Then `order` is one of these.
       */
      readonly isStrict: boolean
    }
  | {
      readonly outcome: 'not serial'
      readonly nearest: NearestOrder
      /**
       * Commands that were told they were aborted, and were done nevertheless: with these done, some
       * order gives these replies and this state. Empty where that would not explain it either.
       */
      readonly abortedButDone: readonly SerialCommand[]
      /** One sentence. */
      readonly message: string
      /** The nearest order and all differences, a line each. */
      readonly details: readonly string[]
    }
  | { readonly outcome: 'undecided'; readonly reason: string }

/** The serial order that differs least from the run, in replies and rows. */
export interface NearestOrder {
  readonly order: SerialOrder
  readonly differences: readonly SerialDifference[]
  /** Whether there is none that differs less; false when there were too many to look at. */
  readonly isNearest: boolean
}

export interface SerialLimits {
  /** How often the model may be asked in all, for the decision and again for the nearest order. */
  readonly modelCalls: number
}

const defaultSerialLimits: SerialLimits = { modelCalls: 50_000 }

/**
 * Looks for a serial order of the commands that gives the run's replies and its final state, by the
 * workload's model. Every actor's own commands keep their order, and the orders need not be those of
 * real time. What was aborted stands nowhere, as nothing was done; what was answered with unknown may
 * have been done or not. Replies have to be the same: a refusal that no serial order gives (`rejected`
 * for a row that was locked, and then was not taken) makes a run one that is not serial, even if it
 * does no harm.
 *
 * Source: Papadimitriou, "The serializability of concurrent database updates", JACM 1979, here on
 * commands, replies and states in place of reads and writes: final-state and view equivalence at once;
 * Herlihy and Wing, "Linearizability", TOPLAS 1990, and Papadimitriou for the strict kind.
 *
 * @returns `undecided` where there are more orders than the limit allows, and never `serial` then.
 */
export function serialEquivalence(
  workload: AnyWorkload,
  observation: Observation<Rows, AnyCommand>,
  limits: SerialLimits = defaultSerialLimits,
): SerialEquivalence {
  const { commands } = observation
  if (commands.length > mostCommands) {
    return {
      outcome: 'undecided',
      reason: `A run of ${commands.length} commands has too many serial orders: at most ${mostCommands} can be judged.`,
    }
  }
  const search = new OrderSearch(workload, observation, limits.modelCalls)
  try {
    const strict = search.within(0, commandsInOrder(commands, { realTime: true }))
    const found = strict ?? search.within(0, commandsInOrder(commands))
    if (found) return { outcome: 'serial', order: found.order, isStrict: found === strict }
  } catch (error) {
    if (!(error instanceof TooManyOrders)) throw error
    return {
      outcome: 'undecided',
      reason: `The serial orders of ${count(commands.length, 'command')} were too many: none was found after ${count(limits.modelCalls, 'call')} of the model.`,
    }
  }
  return notSerial(workload, observation, limits)
}

function notSerial(
  workload: AnyWorkload,
  observation: Observation<Rows, AnyCommand>,
  limits: SerialLimits,
): SerialEquivalence {
  const nearest = nearestOrder(workload, observation, limits)
  const abortedButDone = effectsOfAborted(workload, observation, limits)
  const names = new CommandNames(observation.commands)
  return {
    outcome: 'not serial',
    nearest,
    abortedButDone,
    message: messageOf(nearest, abortedButDone, names),
    details: detailsOf(workload, observation.commands, nearest, names),
  }
}

function nearestOrder(
  workload: AnyWorkload,
  observation: Observation<Rows, AnyCommand>,
  limits: SerialLimits,
): NearestOrder {
  const commands = commandsInOrder(observation.commands)
  const search = new OrderSearch(workload, observation, limits.modelCalls)
  try {
    for (let budget = 1; ; budget++) {
      const found = search.within(budget, commands)
      if (found) return nearestOf(workload, observation, found, true)
    }
  } catch (error) {
    if (!(error instanceof TooManyOrders)) throw error
    return nearestOf(workload, observation, inOrderOfReplies(workload, observation), false)
  }
}

const nearestOf = (
  workload: AnyWorkload,
  observation: Observation<Rows, AnyCommand>,
  found: SerialOutcome,
  isNearest: boolean,
): NearestOrder => ({
  order: found.order,
  differences: differencesOf(workload, observation, found),
  isNearest,
})

const inOrderOfReplies = (
  workload: AnyWorkload,
  { initial, commands }: Observation<Rows, AnyCommand>,
): SerialOutcome =>
  serialByModel(
    workload,
    initial,
    commandsInOrder(commands).map(({ performed: { actor, command }, index }) => ({
      actor,
      index,
      command,
    })),
  )

const isAborted = ({ reply }: PerformedCommand<AnyCommand>): boolean => reply.kind === 'aborted'

/** Which aborted commands must have been done for some order to give what was seen. */
function effectsOfAborted(
  workload: AnyWorkload,
  observation: Observation<Rows, AnyCommand>,
  { modelCalls }: SerialLimits,
): readonly SerialCommand[] {
  if (!observation.commands.some(isAborted)) return []
  const commands = commandsInOrder(observation.commands, { abortedMayHaveEffect: true })
  const search = new OrderSearch(workload, observation, modelCalls)
  try {
    const order = search.within(0, commands)?.order ?? []
    return order.filter(({ actor, index, reply }) => {
      const run = commands.find((each) => each.performed.actor === actor && each.index === index)
      return run !== undefined && isAborted(run.performed) && reply.kind === 'ok'
    })
  } catch (error) {
    if (!(error instanceof TooManyOrders)) throw error
    return []
  }
}

/** `A`, or `A2` for the second command of an actor that has several. */
class CommandNames {
  readonly #counts = new Map<ActorId, number>()

  constructor(commands: readonly PerformedCommand<AnyCommand>[]) {
    for (const { actor } of commands) this.#counts.set(actor, (this.#counts.get(actor) ?? 0) + 1)
  }

  of({ actor, index }: { readonly actor: ActorId; readonly index: number }): string {
    return (this.#counts.get(actor) ?? 0) > 1 ? `${actorName(actor)}${index + 1}` : actorName(actor)
  }
}

function messageOf(
  { order, differences, isNearest }: NearestOrder,
  abortedButDone: readonly SerialCommand[],
  names: CommandNames,
): string {
  const subject = differences.every(({ kind }) => kind === 'rows')
    ? 'leaves these rows'
    : differences.every(({ kind }) => kind === 'reply')
      ? 'gives these replies'
      : 'gives these replies and rows'
  const sequence = order.map((each) => names.of(each)).join(' then ') || 'that of no command at all'
  const which = isNearest ? 'the nearest is' : 'the order of the replies is'
  const where = listed(differences.map((difference) => describeDifference(difference, names)))
  const explained =
    abortedButDone.length === 0
      ? ''
      : ` It would be serial had ${listed(abortedButDone.map((each) => names.of(each)))} not been told aborted: what was said not to be done was done.`
  return `No serial order ${subject}: ${which} ${sequence}, where ${where}.${explained}`
}

const listed = (texts: readonly string[]): string =>
  texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`

function describeDifference(difference: SerialDifference, names: CommandNames): string {
  if (difference.kind === 'reply') {
    return `${names.of(difference)} is told ${describe(difference.serial)} instead of ${describe(difference.run)}`
  }
  const { table, rows, serialOnly, runOnly } = difference
  if (rows.serial !== rows.run) {
    return `${table} has ${count(rows.serial, 'row')} instead of ${rows.run}`
  }
  return `${table} has ${rowsShown(serialOnly)} instead of ${rowsShown(runOnly)}`
}

/** A reply in the middle of a sentence. */
function describe(reply: Reply): string {
  if (reply.kind === 'rejected') return `rejected (${reply.reason})`
  return reply.kind === 'aborted' ? `aborted (${reply.error})` : reply.kind
}

const rowsShown = (rows: Rows[string]): string => rows.map((row) => `(${showRow(row)})`).join(' ')

function detailsOf(
  workload: AnyWorkload,
  commands: readonly PerformedCommand<AnyCommand>[],
  { order, differences }: NearestOrder,
  names: CommandNames,
): string[] {
  const standing = order.map((each) => {
    const difference = differences.find(
      (other) => other.kind === 'reply' && other.actor === each.actor && other.index === each.index,
    )
    const told = difference?.kind === 'reply' ? `, and was told ${describe(difference.run)}` : ''
    return `${names.of(each)} ${workload.describe(each.command)}: ${describe(each.reply)}${told}`
  })
  const nowhere = commandsInOrder(commands, { abortedMayHaveEffect: true })
    .filter(({ performed: { actor }, index }) =>
      order.every((each) => each.actor !== actor || each.index !== index),
    )
    .map(
      ({ performed: { actor, command, reply }, index }) =>
        `${names.of({ actor, index })} ${workload.describe(command)}: stands nowhere, as it was told ${describe(reply)}`,
    )
  const rows = differences.flatMap((each) =>
    each.kind === 'reply'
      ? []
      : [
          ...each.serialOnly.map((row) => `${each.table}(${showRow(row)}) only in that order`),
          ...each.runOnly.map((row) => `${each.table}(${showRow(row)}) only in the run`),
        ],
  )
  return [...standing, ...nowhere, ...rows]
}
