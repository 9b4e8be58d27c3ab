import { Command, Option } from 'commander'
import {
  checkOptions,
  commandName,
  describeIsolation,
  describeThrown,
  engines,
  explore,
  explorers,
  faultsNamed,
  grains,
  keepKnown,
  knownFrom,
  matrixToJson,
  matrixVerdict,
  needsDurability,
  pct,
  pctOfDepth,
  renderMatrix,
  renderText,
  toJson,
  UsageError,
  type AnyWorkload,
  type Engine,
  type ExportedRun,
  type ExploreOptions,
  type Explorer,
  type FaultName,
  type Grain,
  type IsolationLevel,
  type Matrix,
  type Strategy,
} from '../../harness/index.ts'
import { exitCodes } from './exit.ts'
import { checkExport, exportOption, printExport, remarksOf, type ExportFlags } from './export.ts'
import { withJsonFault } from './json-fault.ts'
import { checkCells, isMatrix, runCells, type Cells, type Search } from './matrix.ts'
import {
  databaseOption,
  findStrategy,
  isPath,
  isolationOption,
  parseEngines,
  parseExplorer,
  parseGrains,
  parseWorkload,
  quoted,
  seconds,
  snapshotIsolationOption,
  wholeNumber,
} from './options.ts'
import { OutputError, print, printJson, Progress } from './output.ts'
import { serverChoice, serverOptions, type ServerFlags } from './server-options.ts'
import { withWatchdog } from './watchdog.ts'

interface ExploreFlags extends ServerFlags, ExportFlags {
  readonly workload?: AnyWorkload
  readonly strategy: string
  readonly database: readonly Engine[]
  readonly require?: readonly Engine[]
  readonly isolation?: readonly IsolationLevel[]
  readonly snapshotIsolation?: boolean
  readonly explorer: Explorer
  readonly grain?: readonly Grain[]
  readonly schedules?: number
  readonly timeBudget?: number
  readonly actors?: number
  readonly seed?: number
  readonly preemptions?: number
  readonly selfCheck?: number
  readonly depth?: number
  readonly scenario?: string
  readonly faults?: readonly FaultName[]
  readonly invariant?: readonly string[]
  readonly keep?: string
}

const [defaultExplorer] = explorers

export function exploreCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('explore')
    .description('Search for an interleaving in which a strategy breaks an invariant.')
    .requiredOption('--strategy <name>', 'a strategy by name, or a file that exports one')
    .option('--workload <name>', 'needed where strategies share a name', parseWorkload)
    .addOption(databaseOption(engines.slice(0, 1)))
    .option(
      '--require <engines>',
      'those of the databases without which the result is inconclusive',
      parseEngines,
    )
    .addOption(isolationOption())
    .addOption(snapshotIsolationOption())
    .addOption(
      new Option('--explorer <name>', `one of ${names(explorers)}`)
        .argParser(parseExplorer)
        .default(defaultExplorer, defaultExplorer.name),
    )
    .option(
      '--grain <grains>',
      `${grains.join(', ')}, several with commas between, or all (default: statement,phase)`,
      parseGrains,
    )
    .option(
      '--schedules <n>',
      'most schedules to run (default: 1000; for exhaustive, all)',
      wholeNumber('--schedules', 1),
    )
    .option(
      '--time-budget <seconds>',
      'stop after this time with what was seen',
      seconds('--time-budget'),
    )
    .option(
      '--actors <n>',
      'actors of the scenario (default: 2), or most of a generated plan (default: 4)',
      wholeNumber('--actors', 2, 8),
    )
    .option(
      '--seed <n>',
      'draw the same plans again',
      wholeNumber('--seed', -(2 ** 31), 2 ** 31 - 1),
    )
    .option(
      '--preemptions <n>',
      'most preemptions in a schedule, for exhaustive (default: any number)',
      wholeNumber('--preemptions', 0),
    )
    .option(
      '--self-check <n>',
      'repeat one in so many runs and compare, 0 for none (default: 50)',
      wholeNumber('--self-check', 0),
    )
    .option(
      '--depth <n>',
      'depth of the bugs that pct is to find: ordering constraints (default: 3)',
      wholeNumber('--depth', 1, 20),
    )
    .option('--scenario <name>', 'fixed start for exhaustive (default: the first one)')
    .option(
      '--faults <which>',
      'what may go wrong besides: none, connection or all (default: none)',
      faultsNamed,
    )
    .option('--invariant <name...>', 'judge by these (default: those the strategy claims)')
    .option('--keep <folder>', 'keep each counterexample in a file below this folder')
  return exportOption(serverOptions(command))
    .option('--json', 'print one JSON document')
    .addHelpText('after', exitCodeHelp)
    .action(async (flags: ExploreFlags) =>
      finish(await withJsonFault(flags.json, () => withWatchdog(() => run(flags)))),
    )
}

const names = (known: readonly { readonly name: string }[]): string =>
  known.map(({ name }) => name).join(', ')

const exitCodeHelp = `
Exit codes: 0 holds, 1 violated, 2 the call was wrong, 3 inconclusive.`

async function run(flags: ExploreFlags): Promise<number> {
  checkExport(
    flags,
    flags.database.map(({ name }) => name),
  )
  const strategy = await findStrategy(flags.strategy, flags.workload)
  const explorer = explorerOf(flags)
  const { schedules, actors, seed, scenario, timeBudget } = flags
  const options = {
    strategy,
    explorer,
    schedules,
    actors,
    seed,
    scenario,
    // A specification cannot say that a statement stops.
    grains: flags.grain ?? (flags.export ? (['statement'] as const) : undefined),
    preemptions: flags.preemptions,
    selfCheckEvery: flags.selfCheck,
    faults: flags.faults,
    invariants: flags.invariant,
    timeBudgetMs: timeBudget === undefined ? undefined : timeBudget * 1000,
  }
  checkOptions(options)
  const cells = cellsOf(flags)
  checkCells(cells)
  const matrix = await search(cells, options)
  const [only] = matrix.explorations
  const isSingle = only !== undefined && !isMatrix(cells)
  if (flags.json) await printJson(isSingle ? toJson(only) : matrixToJson(matrix))
  else {
    const reports = matrix.explorations.map((exploration) =>
      renderText(strategy.workload, exploration, { replayCommand: replayCommand(flags) }),
    )
    const report = [...reports, ...(isSingle ? [] : [renderMatrix(matrix)])].join('\n\n')
    await (flags.export ? printExport(report, runOf(strategy, matrix)) : print(report))
  }
  if (flags.keep !== undefined) keepAll(flags.keep, strategy, matrix)
  return exitCodes[matrixVerdict(matrix)]
}

/** @throws {UsageError} when a depth is given to an explorer that knows none. */
function explorerOf({ explorer, depth }: ExploreFlags): Explorer {
  if (depth === undefined) return explorer
  if (explorer.name === pct.name) return pctOfDepth(depth)
  throw new UsageError(
    `--depth is for explorer pct, and not for "${explorer.name}": leave it out, or add --explorer pct.`,
  )
}

/**
 * Says on standard error where each counterexample is.
 *
 * @throws {OutputError} when it cannot be written.
 */
function keepAll(folder: string, { workload }: Strategy, { explorations }: Matrix): void {
  for (const exploration of explorations) {
    if (exploration.verdict !== 'violated') continue
    const known = knownFrom(workload, exploration, exploration.counterexample)
    try {
      process.stderr.write(`kept: ${keepKnown(folder, known)}\n`)
    } catch (error) {
      throw new OutputError(`the counterexample cannot be kept: ${describeThrown(error)}`)
    }
  }
}

/** The first counterexample. */
function runOf(strategy: Strategy, { explorations }: Matrix): ExportedRun | undefined {
  const violated = explorations.find(({ verdict }) => verdict === 'violated')
  if (violated?.verdict !== 'violated') return undefined
  const { database, isolation, counterexample } = violated
  return {
    strategy,
    engine: database.engine,
    isolation,
    initial: counterexample.plan.initial,
    history: counterexample.run.history,
    remarks: remarksOf(strategy, counterexample),
  }
}

const cellsOf = (flags: ExploreFlags): Cells => ({
  engines: flags.database,
  levels: flags.isolation,
  snapshotIsolation: flags.snapshotIsolation,
  required: flags.require ?? [],
  choice: { ...serverChoice(flags), durable: needsDurability(flags.faults ?? []) },
})

async function search(cells: Cells, options: Omit<ExploreOptions, 'lane'>): Promise<Matrix> {
  const progress = new Progress()
  const onEngine = ({ title }: Engine): void => progress.show(() => `starting ${title} …`)
  const searchOn: Search = (lane, signal) => {
    const where = `${lane.engine.title}, ${describeIsolation(lane)}`
    let runs = 0
    const onRun = (): void => {
      runs += 1
      progress.show(() => `${where}: schedules: ${runs}`)
    }
    let trials = 0
    const onTrial = (): void => {
      trials += 1
      progress.show(
        () => `${where}: violated after ${runs} schedules; making it small: ${trials} runs`,
      )
    }
    return explore({ ...options, lane, signal, onRun, onTrial })
  }
  return runCells(options.strategy, cells, searchOn, onEngine).finally(() => progress.clear())
}

/** A token names a strategy; which file it came from is for the caller to say again. */
function replayCommand({ strategy }: ExploreFlags): string {
  return `${commandName} replay${isPath(strategy) ? ` --strategy ${quoted(strategy)}` : ''}`
}
