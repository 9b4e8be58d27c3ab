import type fc from 'fast-check'
import type { z } from 'zod'
import type { Rows, Table } from './databases/engine.ts'
import type { Invariant } from './invariant.ts'
import type { Reply } from './reply.ts'
import type { Session } from './session.ts'

/** What an actor is asked to do, as plain data. `kind` tells commands of one workload apart. */
export interface AnyCommand {
  readonly kind: string
}

/** Does a command on an actor's session, and says what became of it. */
export type Handler<Command> = (session: Session, command: Command) => Promise<Reply>

/** A fixed start for the systematic explorers, which need one to try every schedule of. */
export interface Scenario<State, Command> {
  readonly name: string
  readonly summary: string
  /** The data and the commands of each of `actors` actors. */
  start(actors: number): {
    readonly initial: State
    readonly actors: readonly (readonly Command[])[]
  }
}

/** Where the clients of a load meet: all in one row, or each wherever chance takes it. */
export const contentions = ['hot', 'spread'] as const

/** How much clients of a load get into each other's way: see {@link contentions}. */
export type Contention = (typeof contentions)[number]

/**
 * What many clients do all the time, for a measurement of what a strategy costs. Other than a scenario
 * it has no end: nothing runs out in it, however long it goes on.
 */
export interface LoadProfile<State, Command> {
  readonly summary: string
  /** The invariants that cannot be broken here, each with the reason. They are not said to hold. */
  readonly beyond: Readonly<Record<string, string>>
  /**
   * The data, and what clients do with it.
   *
   * @param seed of whatever is drawn
   */
  start(seed: number): {
    readonly initial: State
    /** What the client does that is the `number`-th to begin a command, from 0. */
    command(number: number): Command
  }
}

/** From and to, both included. */
export interface Range {
  readonly min: number
  readonly max: number
}

/** How many come in a {@link Rush}, and what for. */
export interface RushOptions {
  readonly clients: number
  /** How much there is of what is handed out. */
  readonly supply: number
  /** How much each asks for: drawn from this range. */
  readonly quantity: Range
  readonly seed: number
}

/**
 * Many clients who come at the same moment, each with one command, and together ask for more than there
 * is: what load tests of shops and vouchers do.
 */
export interface Rush<State, Command> {
  readonly summary: string
  /** What is handed out, in the words of reports. */
  readonly words: {
    /** `item`, `items` */
    readonly unit: readonly [one: string, many: string]
    /** `in stock` */
    readonly left: string
    /** `bought` */
    readonly done: string
  }
  /** How much there is of it where nobody has said so. */
  supplyFor(clients: number): number
  /** How much each asks for where nobody has said so; left out where it is always one. */
  readonly quantity?: Range
  /** The data, and one command for each client: the same for the same seed. */
  start(options: RushOptions): { readonly initial: State; readonly commands: readonly Command[] }
  /** How much the command asks for. */
  quantityOf(command: Command): number
  /** How much is left, as the state has it. It may be less than nothing. */
  left(state: State): number
  /** The rows that say what was handed out, and how much that is. */
  handedOut(state: State): { readonly rows: number; readonly quantity: number }
}

/**
 * A domain: its tables, what can happen in it, and what must always be true of it.
 *
 * `State` are the rows of its tables, `Command` all its commands, and `Core` those of them that a
 * strategy has to implement; for the others the workload brings its own `handlers`.
 */
export interface Workload<
  State extends Rows = Rows,
  Command extends AnyCommand = AnyCommand,
  Core extends Command = Command,
> {
  readonly name: string
  readonly summary: string
  readonly tables: readonly Table[]

  /** Accepts exactly the states and commands of this workload: a token is checked with it. */
  readonly schema: { readonly state: z.ZodType<State>; readonly command: z.ZodType<Command> }

  /** Generates initial data and commands: small, so that commands collide. */
  readonly arbitrary: {
    readonly state: fc.Arbitrary<State>
    readonly command: fc.Arbitrary<Command>
  }

  /** The first one is the default. */
  readonly scenarios: readonly [Scenario<State, Command>, ...Scenario<State, Command>[]]

  /**
   * What the command does when nothing else happens at the same time: a pure function from a state
   * to the next one and the reply.
   */
  model(state: State, command: Command): { readonly state: State; readonly reply: Reply }

  readonly invariants: readonly Invariant<State, Command>[]

  /** For a load generator; without it the workload's strategies cannot be measured. */
  readonly load?: Readonly<Record<Contention, LoadProfile<State, Command>>>

  /** For a simulation; without it there is none of the workload. */
  readonly rush?: Rush<State, Command>

  /** How the commands are done that are not what a strategy is about. A strategy may replace them. */
  readonly handlers: Handlers<Exclude<Command, Core>>

  /** One line for people, such as `redeem(user 1, "C1")`. */
  describe(command: Command): string

  /** Only to carry the type: never present. */
  readonly core?: Core
}

/** One handler for each kind of command. */
export type Handlers<Command extends AnyCommand> = {
  readonly [Kind in Command['kind']]: Handler<Extract<Command, { readonly kind: Kind }>>
}

/** A workload whose types are not known here: the harness treats states and commands as data. */
// oxlint-disable-next-line typescript/no-explicit-any -- a state's type is both given and taken
export type AnyWorkload = Workload<any, any, any>
