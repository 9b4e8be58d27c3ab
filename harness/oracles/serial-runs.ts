import type { Lane, Rows } from '../databases/engine.ts'
import { StrategyFault } from '../errors.ts'
import type { Grain } from '../grain.ts'
import { actorName, type ActorId } from '../history.ts'
import type { Observation, PerformedCommand } from '../invariant.ts'
import type { Limits } from '../limits.ts'
import { ok } from '../reply.ts'
import { executeRun } from '../run.ts'
import type { Chooser } from '../scheduler/choice.ts'
import type { Strategy } from '../strategy.ts'
import { count } from '../words.ts'
import type { AnyCommand } from '../workload.ts'
import { Contents } from './contents.ts'
import {
  commandsInOrder,
  isComplete,
  nextCommands,
  sameReply,
  serialByModel,
  type OrderedCommand,
  type SerialCommand,
  type SerialOrder,
  type SerialOutcome,
} from './serial-orders.ts'

export interface SerialRunOptions {
  /** Prepared for the strategy: see `prepareLane`. */
  readonly lane: Lane
  readonly strategy: Strategy
  /** How often a command may be tried in all, from the plan of the run. */
  readonly attempts: number
  /** The one that the lane is prepared for; between statements by default. */
  readonly grain?: Grain | undefined
  readonly limits?: Limits | undefined
  readonly signal?: AbortSignal | undefined
}

/** A command and whose it is. */
export type Placed = Pick<SerialCommand, 'actor' | 'index' | 'command'>

/**
 * Runs commands one after the other on the real engine: none starts before the one before it has been
 * answered. Each is done by its own actor, on that actor's connections and in its process.
 *
 * @throws {Fault} when the run cannot be judged, and a {@link StrategyFault} when a command waits for
 *   what another one, which has been answered, has left locked.
 */
export async function runSerially(
  options: SerialRunOptions,
  initial: Rows,
  order: readonly Placed[],
): Promise<SerialOutcome> {
  const { lane, strategy, attempts, grain, limits, signal } = options
  const turns = new Turns(strategy, order)
  const { observation } = await executeRun({
    lane,
    strategy: turns.strategy,
    plan: { initial, actors: turns.actors, schedule: [], attempts },
    choose: turns.choose,
    grain,
    limits,
    signal,
  })
  // They have been answered in the order in which they had their turns.
  return {
    order: order.flatMap((each, place) => {
      const performed = observation.commands[place]
      return performed ? [{ ...each, reply: performed.reply }] : []
    }),
    final: observation.final,
  }
}

/**
 * Lets one command after the other have its turn. Each first sleeps, which takes no time and is a
 * scheduling point, so that nothing of the strategy's own code runs before its turn: it may read what
 * its process remembers.
 */
class Turns {
  readonly actors: readonly (readonly AnyCommand[])[]
  readonly strategy: Strategy
  readonly #order: readonly Placed[]
  #begun = 0
  #isUnderWay = false

  constructor(strategy: Strategy, order: readonly Placed[]) {
    this.#order = order
    const last = Math.max(...order.map(({ actor }) => actor))
    this.actors = Array.from({ length: last + 1 }, (_, actor) =>
      order.filter((each) => each.actor === actor).map(({ command }) => command),
    )
    this.strategy = {
      ...strategy,
      handler: (kind) => async (session, command) => {
        await session.sleep(0)
        this.#isUnderWay = true
        try {
          return await strategy.handler(kind)(session, command)
        } finally {
          this.#isUnderWay = false
        }
      },
    }
  }

  readonly choose: Chooser = ({ enabled }) => {
    if (!this.#isUnderWay) this.#begun += 1
    const turn = this.#order[this.#begun - 1]
    const choice = turn ? enabled.indexOf(turn.actor) : -1
    if (choice < 0) throw this.#stuck(turn?.actor ?? 0)
    return choice
  }

  #stuck(actor: ActorId): StrategyFault {
    return new StrategyFault(
      `Strategy "${this.strategy.name}" waits in command ${this.#begun} of a serial order, that of actor ${actorName(actor)}, although all commands before it have ended: one of them has left something locked.`,
    )
  }
}

/** What the model and the engine make of the same serial orders. */
export interface SerialConfirmation {
  /** Orders that were run, and how many there are. */
  readonly tried: number
  readonly of: number
  /** Orders in which the strategy, with nothing beside it, does not do what the model says. */
  readonly disagreements: readonly SerialDisagreement[]
  /**
   * An order that was run on the engine and gave the replies and the final state of the run in
   * question: the strategy does in some serial order what it did there, whatever the model says.
   */
  readonly reproducedBy: SerialOrder | undefined
  /** One sentence. */
  readonly message: string
}

export interface SerialDisagreement {
  readonly model: SerialOutcome
  readonly engine: SerialOutcome
}

/** So many orders cover all of four commands. */
export const mostSerialRuns = 24

/**
 * Runs the serial orders of a run's commands on the real engine, and compares each with the model. If
 * they differ, then what the run did wrong is not, or not only, a matter of concurrency: the strategy
 * does not do what the model says even when nothing else happens.
 *
 * Commands that were aborted are left out, and those answered with unknown are done.
 *
 * @param most how many orders to run; the first of them is `first`, mostly the nearest one.
 * @throws {Fault} when one of them cannot be run.
 */
export async function confirmBySerialRuns(
  options: SerialRunOptions,
  observation: Observation<Rows, AnyCommand>,
  {
    first = [],
    most = mostSerialRuns,
  }: { readonly first?: SerialOrder; readonly most?: number } = {},
): Promise<SerialConfirmation> {
  const { workload } = options.strategy
  const contents = new Contents(workload.tables)
  const commands = commandsDone(observation.commands)
  const disagreements: SerialDisagreement[] = []
  let reproducedBy: SerialOrder | undefined
  let tried = 0
  for (const order of ordersOf(commands, first)) {
    if (tried >= most) break
    tried += 1
    const model = serialByModel(workload, observation.initial, order)
    const engine = await runSerially(options, observation.initial, order)
    if (!isSame(contents, model, engine)) disagreements.push({ model, engine })
    if (
      isSame(contents, engine, {
        order: repliesOf(engine.order, commands),
        final: observation.final,
      })
    ) {
      reproducedBy ??= engine.order
    }
  }
  const of = countOrders(commands)
  return { tried, of, disagreements, reproducedBy, message: messageOf(tried, of, disagreements) }
}

/** With those of which nobody knows whether they were done. */
const commandsDone = (performed: readonly PerformedCommand<AnyCommand>[]): OrderedCommand[] =>
  commandsInOrder(
    performed.map((each) => (each.reply.kind === 'unknown' ? { ...each, reply: ok() } : each)),
  )

/** The orders of the commands, each once; `first` comes first if it has all of them. */
function* ordersOf(
  commands: readonly OrderedCommand[],
  first: SerialOrder,
): Generator<readonly Placed[]> {
  if (commands.length === 0) return
  const name = (order: readonly Placed[]): string => order.map(({ actor }) => actor).join()
  const begin = first.length === commands.length ? name(first) : ''
  if (begin !== '') yield first
  for (const order of ordersFrom(commands, 0)) if (name(order) !== begin) yield order
}

function* ordersFrom(commands: readonly OrderedCommand[], done: number): Generator<Placed[]> {
  if (isComplete(commands, done)) yield []
  for (const next of nextCommands(commands, done)) {
    const { performed, index } = next.each
    const placed = { actor: performed.actor, index, command: performed.command }
    for (const rest of ordersFrom(commands, next.done)) yield [placed, ...rest]
  }
}

/** Orders that keep each actor's own: a multinomial coefficient. */
function countOrders(commands: readonly OrderedCommand[]): number {
  const counts = new Map<ActorId, number>()
  let orders = 1
  for (const [position, { performed }] of commands.entries()) {
    const own = (counts.get(performed.actor) ?? 0) + 1
    counts.set(performed.actor, own)
    orders = (orders * (position + 1)) / own
  }
  return orders
}

/** The same commands in the same order, with what they were told in the run in question. */
const repliesOf = (order: SerialOrder, commands: readonly OrderedCommand[]): SerialOrder =>
  order.map((each) => {
    const run = commands.find(
      ({ performed, index }) => performed.actor === each.actor && index === each.index,
    )
    return run ? { ...each, reply: run.performed.reply } : each
  })

const isSame = (contents: Contents, one: SerialOutcome, other: SerialOutcome): boolean =>
  contents.key(one.final) === contents.key(other.final) &&
  one.order.every(({ reply }, place) => {
    const counterpart = other.order[place]
    return counterpart !== undefined && sameReply(reply, counterpart.reply)
  })

function messageOf(
  tried: number,
  of: number,
  disagreements: readonly SerialDisagreement[],
): string {
  const which =
    tried === of ? `all ${count(of, 'serial order')}` : `${tried} of ${count(of, 'serial order')}`
  const [disagreement] = disagreements
  if (!disagreement) return `In ${which} the strategy did on the engine what the model says.`
  const names = disagreement.engine.order.map(({ actor }) => actorName(actor)).join(' then ')
  return `Run alone, in ${disagreements.length} of ${count(tried, 'serial order')}, the strategy does not do what the model says (${names}, for one): that is a mistake of its own or of the model, and needs no concurrency.`
}
