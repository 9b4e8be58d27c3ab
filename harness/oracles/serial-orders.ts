import type { Rows } from '../databases/engine.ts'
import type { ActorId } from '../history.ts'
import type { Observation, PerformedCommand } from '../invariant.ts'
import type { Reply } from '../reply.ts'
import type { AnyCommand, AnyWorkload } from '../workload.ts'
import { Contents, type TableDifference } from './contents.ts'

/** A command in its place in a serial order. */
export interface SerialCommand {
  readonly actor: ActorId
  /** Which of its actor's commands it is, from 0. */
  readonly index: number
  readonly command: AnyCommand
  /** What it is told in this order. */
  readonly reply: Reply
}

/** Commands one after the other, each with the actor that gives it and the model's reply. */
export type SerialOrder = readonly SerialCommand[]

/** A serial order, and what it comes to. */
export interface SerialOutcome {
  readonly order: SerialOrder
  readonly final: Rows
}

/** Where a serial order and the run differ. */
export type SerialDifference =
  | {
      readonly kind: 'reply'
      readonly actor: ActorId
      readonly index: number
      readonly serial: Reply
      readonly run: Reply
    }
  | {
      readonly kind: 'rows'
      readonly table: string
      /** Rows that only the serial order ends with, and only the run; a row can be there twice. */
      readonly serialOnly: readonly AnyRow[]
      readonly runOnly: readonly AnyRow[]
      /** Rows of the table in all. */
      readonly rows: { readonly serial: number; readonly run: number }
    }

type AnyRow = Rows[string][number]

/** A command of the run, and what stands before it. */
export interface OrderedCommand {
  readonly performed: PerformedCommand<AnyCommand>
  readonly index: number
  /** One bit for each command that has to stand before this one. */
  readonly after: number
  /** Whether it may be left out, as nobody knows whether it was done. */
  readonly isOptional: boolean
}

/** So many bits of a number can be set and cleared without meeting its sign. */
export const mostCommands = 30

/** What may be varied about which commands stand where. */
export interface OrderRules {
  /** Whether a command that was answered before another began also stands before it. */
  readonly realTime?: boolean
  /** Whether what was aborted may have been done nevertheless. Otherwise it stands nowhere. */
  readonly abortedMayHaveEffect?: boolean
}

/**
 * The commands that a serial order is made of. Every actor's own commands keep their order, with one
 * exception: what was answered with unknown may be left out, or take effect later than what its actor
 * did next, as the COMMIT can still have been on its way. So nothing has to wait for it.
 */
export function commandsInOrder(
  performed: readonly PerformedCommand<AnyCommand>[],
  { realTime = false, abortedMayHaveEffect = false }: OrderRules = {},
): OrderedCommand[] {
  const counts = new Map<ActorId, number>()
  const numbered = performed.map((each) => {
    const index = counts.get(each.actor) ?? 0
    counts.set(each.actor, index + 1)
    return { performed: each, index }
  })
  const standing = numbered.filter(
    (each) => abortedMayHaveEffect || each.performed.reply.kind !== 'aborted',
  )
  const mustPrecede = (one: (typeof standing)[number], other: (typeof standing)[number]): boolean =>
    !isUncertain(one.performed.reply) &&
    ((one.performed.actor === other.performed.actor && one.index < other.index) ||
      (realTime && one.performed.endedAt < other.performed.beganAt))
  return standing.map((each) => ({
    ...each,
    after: bitsOf(standing.map((other) => other !== each && mustPrecede(other, each))),
    isOptional: isUncertain(each.performed.reply),
  }))
}

const isUncertain = ({ kind }: Reply): boolean => kind === 'unknown' || kind === 'aborted'

const bitsOf = (flags: readonly boolean[]): number =>
  flags.reduce((bits, flag, index) => (flag ? bits | (1 << index) : bits), 0)

/** The commands that can stand next, when those of `done` have been. */
export function* nextCommands(
  commands: readonly OrderedCommand[],
  done: number,
): Generator<{ readonly each: OrderedCommand; readonly done: number }> {
  for (const [position, each] of commands.entries()) {
    const bit = 1 << position
    if ((done & bit) === 0 && (each.after & ~done) === 0) yield { each, done: done | bit }
  }
}

/** Whether everything that must stand somewhere does. */
export const isComplete = (commands: readonly OrderedCommand[], done: number): boolean =>
  commands.every(({ isOptional }, position) => isOptional || (done & (1 << position)) !== 0)

/** Thrown inside, when a search takes more than it may. */
export class TooManyOrders extends Error {
  override readonly name = 'TooManyOrders'
}

/**
 * Looks for a serial order whose replies and final state differ from the run's in at most `budget`
 * places: a reply that differs is one place, and so is a row that one side has and the other has not,
 * or has otherwise.
 *
 * Depth first, cut where the replies alone differ too much. Two ways to the same commands done and the
 * same state go on alike, so each such pair is looked at once: the number of orders grows with the
 * factorial of the commands, the number of pairs far less.
 */
export class OrderSearch {
  readonly #workload: AnyWorkload
  readonly #observation: Observation<Rows, AnyCommand>
  readonly #contents: Contents
  readonly #mostModelCalls: number
  #modelCalls = 0

  constructor(
    workload: AnyWorkload,
    observation: Observation<Rows, AnyCommand>,
    mostModelCalls: number,
  ) {
    this.#workload = workload
    this.#observation = observation
    this.#contents = new Contents(workload.tables)
    this.#mostModelCalls = mostModelCalls
  }

  /** @throws {TooManyOrders} when the model would be asked more often than it may. */
  within(budget: number, commands: readonly OrderedCommand[]): SerialOutcome | undefined {
    /** The most that was left to spend on a way from here that found nothing. */
    const failed = new Map<string, number>()
    const from = (done: number, state: Rows, left: number): SerialOutcome | undefined => {
      if (isComplete(commands, done) && this.#distance(state) <= left) {
        return { order: [], final: state }
      }
      const key = `${done}/${this.#contents.key(state)}`
      if ((failed.get(key) ?? -1) >= left) return undefined
      for (const next of nextCommands(commands, done)) {
        const { performed, index } = next.each
        const after = this.#apply(state, performed.command)
        const rest = left - (agrees(performed.reply, after.reply) ? 0 : 1)
        const found = rest < 0 ? undefined : from(next.done, after.state, rest)
        if (!found) continue
        const { actor, command } = performed
        return { ...found, order: [{ actor, index, command, reply: after.reply }, ...found.order] }
      }
      failed.set(key, left)
      return undefined
    }
    return from(0, this.#observation.initial, budget)
  }

  /** Rows in which a state differs from the run's last one; one that was changed counts once. */
  #distance(state: Rows): number {
    return this.#contents
      .differences(state, this.#observation.final)
      .map(({ onlyFirst, onlySecond }) => Math.max(onlyFirst.length, onlySecond.length))
      .reduce((total, number) => total + number, 0)
  }

  #apply(state: Rows, command: AnyCommand): { readonly state: Rows; readonly reply: Reply } {
    this.#modelCalls += 1
    if (this.#modelCalls > this.#mostModelCalls) throw new TooManyOrders()
    return this.#workload.model(state, command)
  }
}

/** What the model makes of commands that are done in this order. */
export function serialByModel(
  workload: AnyWorkload,
  initial: Rows,
  order: readonly Pick<SerialCommand, 'actor' | 'index' | 'command'>[],
): SerialOutcome {
  let final = initial
  const answered = order.map(({ actor, index, command }): SerialCommand => {
    const next: { readonly state: Rows; readonly reply: Reply } = workload.model(final, command)
    final = next.state
    return { actor, index, command, reply: next.reply }
  })
  return { order: answered, final }
}

/** Whether the run's reply can stand for the model's. Nobody knows what became of the uncertain. */
const agrees = (run: Reply, serial: Reply): boolean => isUncertain(run) || sameReply(run, serial)

export function sameReply(one: Reply, other: Reply): boolean {
  if (one.kind === 'rejected' && other.kind === 'rejected') return one.reason === other.reason
  if (one.kind === 'aborted' && other.kind === 'aborted') return one.error === other.error
  return one.kind === other.kind
}

const rowsOf = (state: Rows, table: string): number => state[table]?.length ?? 0

/** Everything in which a serial order and the run differ: replies in the order's order, then tables. */
export function differencesOf(
  workload: AnyWorkload,
  observation: Observation<Rows, AnyCommand>,
  { order, final }: SerialOutcome,
): SerialDifference[] {
  const runs = commandsInOrder(observation.commands, { abortedMayHaveEffect: true })
  const replies = order.flatMap(({ actor, index, reply }): SerialDifference[] => {
    const run = runs.find((each) => each.performed.actor === actor && each.index === index)
    if (!run || agrees(run.performed.reply, reply)) return []
    return [{ kind: 'reply', actor, index, serial: reply, run: run.performed.reply }]
  })
  const tables = new Contents(workload.tables).differences(final, observation.final)
  return [
    ...replies,
    ...tables.map(({ table, onlyFirst, onlySecond }: TableDifference): SerialDifference => ({
      kind: 'rows',
      table,
      serialOnly: onlyFirst,
      runOnly: onlySecond,
      rows: { serial: rowsOf(final, table), run: rowsOf(observation.final, table) },
    })),
  ]
}
