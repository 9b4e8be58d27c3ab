import { Command, Option } from 'commander'
import {
  checkOptions,
  engines,
  explore,
  explorers,
  isolationLevels,
  renderText,
  toJson,
  type AnyWorkload,
  type Engine,
  type Exploration,
  type ExploreOptions,
  type Explorer,
  type IsolationLevel,
} from '../../harness/index.ts'
import { withLane } from './database.ts'
import { exitCodes } from './exit.ts'
import { withJsonFault } from './json-fault.ts'
import {
  findStrategy,
  isPath,
  parseEngine,
  parseExplorer,
  parseIsolation,
  parseWorkload,
  seconds,
  wholeNumber,
} from './options.ts'
import { print, printJson, Progress } from './output.ts'
import { serverChoice, serverOptions, type ServerFlags } from './server-options.ts'
import { withWatchdog } from './watchdog.ts'

interface ExploreFlags extends ServerFlags {
  readonly workload?: AnyWorkload
  readonly strategy: string
  readonly database: Engine
  readonly isolation?: IsolationLevel
  readonly explorer: Explorer
  readonly schedules?: number
  readonly timeBudget?: number
  readonly actors?: number
  readonly seed?: number
  readonly scenario?: string
  readonly invariant?: readonly string[]
  readonly json?: true
}

const [defaultEngine] = engines
const [defaultExplorer] = explorers

export function exploreCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('explore')
    .description('Search for an interleaving in which a strategy breaks an invariant.')
    .requiredOption('--strategy <name>', 'a strategy by name, or a file that exports one')
    .option('--workload <name>', 'needed where strategies share a name', parseWorkload)
    .addOption(
      new Option('--database <engine>', `one of ${names(engines)}`)
        .argParser(parseEngine)
        .default(defaultEngine, defaultEngine?.name),
    )
    .option(
      '--isolation <level>',
      `one of ${isolationLevels.join(', ')} (default: the engine's own)`,
      parseIsolation,
    )
    .addOption(
      new Option('--explorer <name>', `one of ${names(explorers)}`)
        .argParser(parseExplorer)
        .default(defaultExplorer, defaultExplorer.name),
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
    .option('--scenario <name>', 'fixed start for exhaustive (default: the first one)')
    .option('--invariant <name...>', 'judge by these (default: those the strategy claims)')
  return serverOptions(command)
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
  const strategy = await findStrategy(flags.strategy, flags.workload)
  const { explorer, schedules, actors, seed, scenario, timeBudget } = flags
  const options = {
    strategy,
    explorer,
    schedules,
    actors,
    seed,
    scenario,
    invariants: flags.invariant,
    timeBudgetMs: timeBudget === undefined ? undefined : timeBudget * 1000,
  }
  checkOptions(options)
  const exploration = await search(flags, options)
  await (flags.json
    ? printJson(toJson(exploration))
    : print(renderText(strategy.workload, exploration, { replayCommand: replayCommand(flags) })))
  return exitCodes[exploration.verdict]
}

async function search(
  flags: ExploreFlags,
  options: Omit<ExploreOptions, 'lane'>,
): Promise<Exploration> {
  const progress = new Progress()
  progress.show(() => `starting ${flags.database.title} …`)
  return withLane(flags.database, flags.isolation, serverChoice(flags), (lane, signal) => {
    let runs = 0
    const onRun = (): void => {
      runs += 1
      progress.show(() => `schedules: ${runs}`)
    }
    let trials = 0
    const onTrial = (): void => {
      trials += 1
      progress.show(() => `violated after ${runs} schedules; making it small: ${trials} runs`)
    }
    return explore({ ...options, lane, signal, onRun, onTrial })
  }).finally(() => progress.clear())
}

/** A token names a strategy; which file it came from is for the caller to say again. */
function replayCommand({ strategy }: ExploreFlags): string {
  return `npx -y pnpm@12 lockstep replay${isPath(strategy) ? ` --strategy ${quoted(strategy)}` : ''}`
}

/** One word for a shell. */
const quoted = (text: string): string =>
  /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
