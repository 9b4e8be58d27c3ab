import {
  Fault,
  UsageError,
  type Engine,
  type Exploration,
  type IsolationLevel,
  type Lane,
  type Matrix,
  type NotRun,
  type ServerChoice,
  type Strategy,
} from '../../harness/index.ts'
import { interruptible, withLane, withServer } from './database.ts'

/** Which engines and levels to run on. */
export interface Cells {
  readonly engines: readonly Engine[]
  /** At each engine's own level when left out. */
  readonly levels?: readonly IsolationLevel[] | undefined
  readonly snapshotIsolation?: boolean | undefined
  /** The engines that the caller cannot do without. */
  readonly required: readonly Engine[]
  readonly choice: ServerChoice
}

/** Runs on one lane, and is told what interrupts it. */
export type Search = (lane: Lane, signal: AbortSignal) => Promise<Exploration>

/** Whether there is more than one cell, and so a report on all of them to be made. */
export const isMatrix = ({ engines, levels }: Cells): boolean =>
  engines.length > 1 || (levels?.length ?? 1) > 1

/**
 * Options that contradict one another.
 *
 * @throws {UsageError} with the two of them.
 */
export function checkCells({ engines, required, choice, snapshotIsolation }: Cells): void {
  const [first] = engines
  for (const engine of required) {
    if (engines.includes(engine)) continue
    throw new UsageError(
      `--require ${engine.name} is not among the databases to run on: add it to --database.`,
    )
  }
  for (const option of ['url', 'image'] as const) {
    if (choice[option] === undefined || engines.length === 1) continue
    throw new UsageError(
      `--${option} is of one database, and there are ${engines.length}: set ${variableOf(option)} for each instead.`,
    )
  }
  if (snapshotIsolation === undefined) return
  if (engines.some(({ hasSnapshotIsolation }) => hasSnapshotIsolation)) return
  throw new UsageError(
    `--snapshot-isolation is for mariadb, and ${first?.title} has no such thing.`,
  )
}

const variableOf = (option: 'url' | 'image'): string => `LOCKSTEP_<ENGINE>_${option.toUpperCase()}`

/** What was run in each cell, and what could not be run. */
export interface Ran<Result> {
  readonly results: readonly Result[]
  readonly notRun: readonly NotRun[]
}

/** Searches in every cell: see {@link runInCells}. */
export async function runCells(
  strategy: Strategy,
  cells: Cells,
  search: Search,
  onEngine: (engine: Engine) => void,
): Promise<Matrix> {
  const { results, notRun } = await runInCells(strategy, cells, search, onEngine)
  return {
    workload: strategy.workload.name,
    strategy: strategy.name,
    explorations: results,
    notRun,
  }
}

/**
 * Runs something in every cell, one after the other. An engine that cannot be had is noted, unless it is
 * the only one: then its fault is the result.
 */
export async function runInCells<Result>(
  strategy: Strategy,
  cells: Cells,
  run: (lane: Lane, signal: AbortSignal) => Promise<Result>,
  onEngine: (engine: Engine) => void,
): Promise<Ran<Result>> {
  const results: Result[] = []
  const notRun: NotRun[] = []
  const isOnly = cells.engines.length === 1
  /** The reason when nothing could be run on the engine, or not to the end. */
  const runOn = async (engine: Engine, signal: AbortSignal): Promise<string | undefined> => {
    const reason = whyNotRun(strategy, engine, signal)
    if (reason !== undefined) return reason
    onEngine(engine)
    try {
      await runLevels(engine, cells, run, signal, results)
      return undefined
    } catch (error) {
      if (isOnly || !(error instanceof Fault)) throw error
      return error.message
    }
  }
  await interruptible(async (signal) => {
    for (const engine of cells.engines) {
      const reason = await runOn(engine, signal)
      const required = cells.required.includes(engine)
      if (reason !== undefined) notRun.push({ engine: engine.name, reason, required })
    }
  })
  return { results, notRun }
}

function whyNotRun(strategy: Strategy, engine: Engine, signal: AbortSignal): string | undefined {
  if (!strategy.engines.includes(engine.name)) {
    return `Strategy "${strategy.name}" is written for ${strategy.engines.join(' and ')} only.`
  }
  return signal.aborted ? 'It was interrupted before.' : undefined
}

/** Adds a result for each level. */
async function runLevels<Result>(
  engine: Engine,
  cells: Cells,
  run: (lane: Lane, signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal,
  results: Result[],
): Promise<void> {
  const snapshotIsolation = engine.hasSnapshotIsolation ? cells.snapshotIsolation : undefined
  await withServer(engine, cells.choice, signal, async (server) => {
    for (const isolation of cells.levels ?? [engine.defaultIsolation]) {
      if (signal.aborted && results.length > 0) break
      const setting = { isolation, snapshotIsolation }
      results.push(await withLane(engine, server, setting, (lane) => run(lane, signal)))
    }
  })
}
