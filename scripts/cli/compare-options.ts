import { Option, type Command } from 'commander'
import {
  engines,
  isolationLevels,
  UsageError,
  type Effort,
  type AnyWorkload,
  type Engine,
  type IsolationLevel,
} from '../../harness/index.ts'
import {
  databaseOption,
  parseEngines,
  parseIsolations,
  parseWorkload,
  seconds,
  wholeNumber,
} from './options.ts'
import { serverOptions, type ServerFlags } from './server-options.ts'

/** What the options of `lockstep compare` leave in its flags. */
export interface CompareFlags extends ServerFlags {
  readonly strategy?: string
  readonly workload?: AnyWorkload
  readonly database: readonly Engine[]
  readonly require?: readonly Engine[]
  readonly isolation?: readonly IsolationLevel[]
  readonly filter?: string
  readonly only?: 'safety' | 'cost'
  readonly quick?: true
  readonly allCosts?: true
  readonly seed?: number
  readonly schedules?: number
  readonly seeds?: number
  readonly clients?: readonly number[]
  readonly repetitions?: number
  readonly loadTime?: number
  readonly timeBudget?: number
  readonly output: string
  readonly resume?: true
  readonly against?: string
  readonly results?: string
  readonly json?: true
}

export const defaultOutput = 'lockstep-results'

/** The options that say what is measured: a comparison that is gone on with keeps its own. */
export const measuringOptions = [
  'strategy',
  'workload',
  'database',
  'isolation',
  'filter',
  'only',
  'quick',
  'allCosts',
  'seed',
  'schedules',
  'seeds',
  'clients',
  'repetitions',
  'loadTime',
] as const satisfies readonly (keyof CompareFlags)[]

export function compareOptions(command: Command): Command {
  return serverOptions(
    command
      .option('--strategy <names>', 'names or files, several with commas between (default: all)')
      .option('--workload <name>', 'only strategies of this workload', parseWorkload)
      .addOption(databaseOption(engines))
      .option(
        '--require <engines>',
        'those of the databases without which the result is inconclusive',
        parseEngines,
      )
      .option(
        '--isolation <levels>',
        `${isolationLevels.join(', ')}, several with commas between, or all (default: all; with --quick, each engine's own)`,
        parseIsolations,
      )
      .option(
        '--filter <text>',
        'only cells whose name, such as purchase/reservation/mysql/serializable, has this in it or matches it as a pattern',
      )
      .addOption(
        new Option('--only <part>', 'safety or cost (default: both)').choices(['safety', 'cost']),
      )
      .option('--quick', 'less of everything: a first look')
      .option('--all-costs', 'measure what unsafe cells cost at every level, too')
      .option('--seed <n>', 'where plans and orders begin', wholeNumber('--seed', 0, 2 ** 31 - 1))
      .option('--seeds <n>', 'series of drawn schedules per cell', wholeNumber('--seeds', 1, 1000))
      .option(
        '--schedules <n>',
        'schedules of each series, and most of a search',
        wholeNumber('--schedules', 1),
      )
      .option('--clients <numbers>', 'clients under load, with commas between', parseClients)
      .option(
        '--repetitions <n>',
        'how often every load is run',
        wholeNumber('--repetitions', 1, 1000),
      )
      .option('--load-time <seconds>', 'how long every load is measured', seconds('--load-time')),
  )
    .option(
      '--time-budget <seconds>',
      'stop after this time; --resume goes on',
      seconds('--time-budget'),
    )
    .option('--output <folder>', 'where results are written', defaultOutput)
    .option('--resume', 'go on with the results in the folder')
    .option('--against <file>', 'older results to compare with: results.json, or its folder')
    .option(
      '--results <file>',
      'take these results instead of measuring: results.json, or its folder',
    )
    .option('--json', 'print one JSON document')
}

function parseClients(text: string): number[] {
  const parse = wholeNumber('--clients', 1, 1000)
  return [...new Set(text.split(',').map((part) => parse(part.trim())))].toSorted((a, b) => a - b)
}

/** How much is measured: what the mode says, and what was asked for otherwise. */
export function effortOf(flags: CompareFlags, preset: Effort): Effort {
  const { schedules, seeds, clients, repetitions, loadTime } = flags
  return {
    ...preset,
    ...(schedules !== undefined && {
      schedules,
      schedulesPerSeed: schedules,
      // Whoever asks for more wants it, however long it takes.
      searchMs: Math.max(preset.searchMs, schedules * 200),
    }),
    ...(seeds !== undefined && { seeds }),
    ...(clients && { clients }),
    ...(repetitions !== undefined && { repetitions }),
    ...(loadTime !== undefined && { loadMs: loadTime * 1000 }),
  }
}

/** @throws {UsageError} when options contradict one another. */
export function checkCompareOptions(flags: CompareFlags, given: (option: string) => boolean): void {
  if (flags.results !== undefined && flags.resume) {
    throw new UsageError(
      '--results measures nothing, so there is nothing to --resume: leave one out.',
    )
  }
  const source = (['results', 'resume'] as const).find((each) => flags[each] !== undefined)
  if (source === undefined) return
  const other = measuringOptions.find(given)
  if (other === undefined) return
  throw new UsageError(
    `--${source} keeps to what was to be measured then: leave ${optionName(other)} out, or begin anew with another --output.`,
  )
}

const optionName = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
