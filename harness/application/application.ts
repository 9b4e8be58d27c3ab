import type { EngineName } from '../databases/engine-name.ts'
import type { Rows } from '../databases/engine.ts'
import type { Reply } from '../reply.ts'
import { defineStrategy, type Strategy, type StrategyDefinition } from '../strategy.ts'
import type { AnyCommand } from '../workload.ts'

/**
 * - `own`: each actor has an application of its own, at an address of its own. Whatever comes through it
 *   is the actor's.
 * - `shared`: all actors use one application, as clients of a service do. Then only one of them is let run
 *   at a time, and what the application sends meanwhile is that actor's.
 */
export type ActorsOf = 'own' | 'shared'

/** What an application is started with. */
export interface StartOptions {
  /**
   * Where it has to find its database: `postgres://…`, `mysql://…` or `mariadb://…`, on the loopback
   * interface and without TLS. All it sends there is scheduled.
   */
  readonly url: string
  /**
   * The same place as a Unix socket, which is quicker: its path, as drivers for MySQL and MariaDB want it.
   * Those for PostgreSQL want the folder that it is in as their host, and no port.
   */
  unixSocket(): Promise<string>
  readonly engine: EngineName
  /** How many actors will use it at the same time: a pool needs as many connections, or more. */
  readonly actors: number
}

/** What a command is done with, besides the application. */
export interface CallOptions {
  readonly engine: EngineName
  /** How often a command may be tried in all, from the plan: the bound of every retry loop. */
  readonly attempts: number
  /** The same for every attempt of a command, and another one for each command. */
  readonly requestId: string
  /** Puts a line into the actor's lane of a counterexample, such as a request and its answer. */
  note(text: string): void
}

/** How an application is started and ended: see {@link defineApplication}. */
export interface Application {
  readonly actors: ActorsOf
  /** Starts it, and returns what its commands are done with. */
  start(options: StartOptions): Promise<unknown>
  /** Ends what `start` has returned. */
  stop(client: unknown): Promise<void>
}

/** What {@link defineApplication} is given. */
export interface ApplicationDefinition<
  State extends Rows,
  Command extends AnyCommand,
  Core extends Command,
  Client,
> extends Omit<StrategyDefinition<State, Command, Core>, 'execute' | 'handlers' | 'connections'> {
  /** Whether each actor has one of its own; `shared` when left out. */
  readonly actors?: ActorsOf
  /** Starts what speaks to the database: opens a pool, or begins a process. Whatever it throws is a fault. */
  start(options: StartOptions): Promise<Client> | Client
  /** Does one of the workload's core commands, and says what became of it. */
  execute(client: Client, command: Core, options: CallOptions): Promise<Reply>
  /** Ends it: nothing of it may be left. */
  stop(client: Client): Promise<void> | void
}

/**
 * Declares a strategy that is an application as it stands: it uses a client library of its own, perhaps
 * in a process of its own, and knows nothing of Lockstep. It is given an address instead of its
 * database's, and what it sends there is scheduled statement by statement.
 */
export function defineApplication<
  State extends Rows,
  Command extends AnyCommand,
  Core extends Command,
  Client,
>(definition: ApplicationDefinition<State, Command, Core, Client>): Strategy {
  const { actors = 'shared', start, execute, stop, ...rest } = definition
  const strategy = defineStrategy<State, Command, Core>({
    ...rest,
    execute: (session, command) => {
      const { client, engine, attempts, requestId } = session
      const note = (text: string): void => session.note(text)
      return execute(client as Client, command, { engine, attempts, requestId, note })
    },
  })
  const application: Application = {
    actors,
    start: async (options) => start(options),
    stop: async (client) => stop(client as Client),
  }
  return { ...strategy, application }
}
