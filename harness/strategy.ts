import type { Application } from './application/application.ts'
import { engineNames, type EngineName } from './databases/engine-name.ts'
import type { PerEngine, Rows } from './databases/engine.ts'
import type { AnyCommand, AnyWorkload, Handler, Handlers, Workload } from './workload.ts'

/** One way to do a workload's commands: the code under test. */
export interface Strategy {
  /** The same as the name of its file. */
  readonly name: string
  readonly summary: string
  readonly workload: AnyWorkload
  /** Names of the invariants it claims to keep. A claim may be false: finding out is the point. */
  readonly claims: readonly string[]
  /** Statements that change the workload's tables to what the strategy needs. */
  readonly schema: PerEngine<readonly string[]>
  /** Connections of each actor. */
  readonly connections: 1 | 2
  /** The engines it is written for. On others it is not run, which is reported. */
  readonly engines: readonly EngineName[]
  /** What sends its statements, if that is not the session. */
  readonly application?: Application
  /** How each kind of command is done. */
  handler(kind: string): Handler<AnyCommand>
}

/** What {@link defineStrategy} is given: a strategy, with the types of its workload's commands. */
export interface StrategyDefinition<
  State extends Rows,
  Command extends AnyCommand,
  Core extends Command,
> {
  readonly name: string
  readonly workload: Workload<State, Command, Core>
  /** One sentence. */
  readonly summary: string
  /** Names of the invariants it claims to keep; all of the workload's when left out. */
  readonly claims?: readonly string[]
  /** Statements that add to the workload's tables, for every engine or for each. */
  readonly schema?: PerEngine<readonly string[]>
  /** Connections of each actor: 1 when left out. The other one is `session.second`. */
  readonly connections?: 1 | 2
  /** The engines it is written for: all when left out. */
  readonly engines?: readonly EngineName[]
  /** Does the workload's core commands. */
  execute(...call: Parameters<Handler<Core>>): ReturnType<Handler<Core>>
  /** Replaces the workload's own way of doing its other commands. */
  readonly handlers?: Partial<Handlers<Exclude<Command, Core>>>
}

/** Declares a strategy. Its file exports it as default. */
export function defineStrategy<
  State extends Rows,
  Command extends AnyCommand,
  Core extends Command,
>(definition: StrategyDefinition<State, Command, Core>): Strategy {
  const { name, summary, workload, execute } = definition
  const others: Readonly<Record<string, unknown>> = {
    ...workload.handlers,
    ...definition.handlers,
  }
  const core: Handler<AnyCommand> = (session, command) => execute(session, command as Core)
  return {
    name,
    summary,
    workload,
    claims: definition.claims ?? workload.invariants.map((invariant) => invariant.name),
    schema: definition.schema ?? [],
    connections: definition.connections ?? 1,
    engines: definition.engines ?? engineNames,
    handler: (kind) => (others[kind] as Handler<AnyCommand> | undefined) ?? core,
  }
}

/** Whether a module's default export is a strategy. */
export function isStrategy(value: unknown): value is Strategy {
  return (
    typeof value === 'object' &&
    value !== null &&
    'handler' in value &&
    typeof value.handler === 'function' &&
    'workload' in value &&
    'claims' in value
  )
}
