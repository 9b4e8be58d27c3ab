import { Command, Option } from 'commander'
import {
  describeIsolation,
  engines,
  Fault,
  renderSimulation,
  renderSimulations,
  rushOf,
  simulate,
  simulationsToJson,
  simulationsVerdict,
  UsageError,
  type AnyWorkload,
  type Engine,
  type IsolationLevel,
  type Lane,
  type Range,
  type Simulation,
  type Simulations,
  type Strategy,
} from '../../harness/index.ts'
import { Interruption } from './ending.ts'
import { exitCodes } from './exit.ts'
import { withJsonFault } from './json-fault.ts'
import { checkCells, isMatrix, runInCells, type Cells } from './matrix.ts'
import {
  databaseOption,
  findStrategy,
  isolationOption,
  parseWorkload,
  seconds,
  snapshotIsolationOption,
  wholeNumber,
} from './options.ts'
import { print, printJson, Progress } from './output.ts'
import { serverChoice, serverOptions, type ServerFlags } from './server-options.ts'
import { withWatchdog } from './watchdog.ts'

interface SimulateFlags extends ServerFlags {
  readonly workload?: AnyWorkload
  readonly strategy: string
  readonly database: readonly Engine[]
  readonly isolation?: readonly IsolationLevel[]
  readonly snapshotIsolation?: boolean
  readonly clients: number
  readonly stock?: number
  readonly quantity?: Range
  readonly seed?: number
  readonly timeLimit?: number
  readonly json?: true
}

const defaultClients = 500
/** What a coupon's or a product's column holds, with room for what is bought too much. */
const mostStock = 1_000_000_000

export function simulateCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('simulate')
    .description('Release many clients at once, each on a connection of its own, and count.')
    .requiredOption('--strategy <name>', 'a strategy by name, or a file that exports one')
    .option('--workload <name>', 'needed where strategies share a name', parseWorkload)
    .addOption(databaseOption(engines.slice(0, 1)))
    .addOption(isolationOption())
    .addOption(snapshotIsolationOption())
    .addOption(
      new Option('--clients <n>', 'clients, each with one command')
        .argParser(wholeNumber('--clients', 1, 100_000))
        .default(defaultClients),
    )
    .option(
      '--stock <n>',
      "how much there is: stock, or the coupon's cap (default: 10 for each client; a cap of a quarter of them)",
      wholeNumber('--stock', 0, mostStock),
    )
    .option(
      '--quantity <from-to>',
      'how much each client asks for, drawn from this range (default: 1-30; of coupons always one)',
      parseRange,
    )
    .option(
      '--seed <n>',
      'draw the same quantities again',
      wholeNumber('--seed', -(2 ** 31), 2 ** 31 - 1),
    )
    .option(
      '--time-limit <seconds>',
      'stop after this time, with nobody judged (default: 60)',
      seconds('--time-limit'),
    )
  return serverOptions(command)
    .option('--json', 'print one JSON document')
    .addHelpText('after', exitCodeHelp)
    .action(async (flags: SimulateFlags) =>
      finish(await withJsonFault(flags.json, () => withWatchdog(() => run(flags)))),
    )
}

const exitCodeHelp = `
Exit codes: 0 holds this time, 1 violated, 2 the call was wrong, 3 inconclusive.`

const mostOfOne = 1_000_000

function parseRange(text: string): Range {
  const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
  const min = Number(from)
  const max = Number(to ?? from)
  if (min >= 1 && max >= min && max <= mostOfOne) return { min, max }
  throw new UsageError(
    `--quantity takes a number from 1 on or a range such as 1-30, and not "${text}".`,
  )
}

async function run(flags: SimulateFlags): Promise<number> {
  const strategy = await findStrategy(flags.strategy, flags.workload)
  checkFlags(strategy, flags)
  const cells = cellsOf(flags)
  checkCells(cells)
  const all = await simulateIn(cells, strategy, flags)
  const [only] = all.simulations
  const isSingle = only !== undefined && !isMatrix(cells)
  if (flags.json) await printJson(isSingle ? only : simulationsToJson(all))
  else {
    const reports = all.simulations.map((each) => renderSimulation(strategy.workload, each))
    await print([...reports, ...(isSingle ? [] : [renderSimulations(all)])].join('\n\n'))
  }
  return exitCodes[simulationsVerdict(all)]
}

/** @throws {UsageError} when the workload has no such thing. */
function checkFlags({ workload }: Strategy, { quantity }: SimulateFlags): void {
  if (rushOf(workload).quantity || !quantity) return
  throw new UsageError(
    `--quantity is not for workload "${workload.name}", where each client asks for one: leave it out.`,
  )
}

const cellsOf = (flags: SimulateFlags): Cells => ({
  engines: flags.database,
  levels: flags.isolation,
  snapshotIsolation: flags.snapshotIsolation,
  required: [],
  choice: serverChoice(flags),
})

async function simulateIn(
  cells: Cells,
  strategy: Strategy,
  flags: SimulateFlags,
): Promise<Simulations> {
  const progress = new Progress()
  const { clients, stock, quantity, timeLimit } = flags
  const seed = flags.seed ?? Math.floor(Math.random() * 2 ** 31)
  const runOn = (lane: Lane, signal: AbortSignal): Promise<Simulation> => {
    const where = `${lane.engine.title}, ${describeIsolation(lane)}`
    progress.show(() => `${where}: opening connections for ${clients} clients …`)
    return simulate({
      lane,
      strategy,
      clients,
      supply: stock,
      quantity,
      seed,
      signal,
      limitMs: timeLimit === undefined ? undefined : timeLimit * 1000,
      onRelease: () => progress.show(() => `${where}: released ${clients} clients …`),
    }).catch((error: unknown) => {
      const isImpatience = signal.aborted && !(signal.reason instanceof Fault)
      throw isImpatience ? new Interruption('Interrupted before the clients were released.') : error
    })
  }
  const onEngine = ({ title }: Engine): void => progress.show(() => `starting ${title} …`)
  const { results, notRun } = await runInCells(strategy, cells, runOn, onEngine).finally(() =>
    progress.clear(),
  )
  return {
    workload: strategy.workload.name,
    strategy: strategy.name,
    simulations: results,
    notRun,
  }
}
