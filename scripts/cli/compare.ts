import { Command } from 'commander'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  choosePlaces,
  commandName,
  compareResults,
  describeThrown,
  efforts,
  Fault,
  HarnessFault,
  isolationLevels,
  readResults,
  renderComparison,
  renderReport,
  renderResultsChange,
  resultsChangeToJson,
  ResultsFolder,
  ResultsNotWritten,
  resultsFormat,
  resultsToCsv,
  resultsToMarkdown,
  resultsVersion,
  runComparison,
  thisLockstep,
  thisMachine,
  timeIsUp,
  toResults,
  UsageError,
  type Results,
  type Strategy,
} from '../../harness/index.ts'
import { strategyIds } from '../../strategies/index.ts'
import {
  checkCompareOptions,
  compareOptions,
  defaultOutput,
  effortOf,
  type CompareFlags,
} from './compare-options.ts'
import { interruptible, withServer } from './database.ts'
import { exitCodes } from './exit.ts'
import { withJsonFault } from './json-fault.ts'
import { checkCells } from './matrix.ts'
import { findStrategy, isPath, quoted } from './options.ts'
import { complain, print, printJson, Progress } from './output.ts'
import { serverChoice } from './server-options.ts'
import { withWatchdog } from './watchdog.ts'

export function compareCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('compare').description(
    'Compare strategies on all engines and levels: which are safe, and what they cost.',
  )
  return compareOptions(command)
    .addHelpText('after', exitCodeHelp)
    .action(async (flags: CompareFlags) => {
      checkCompareOptions(flags, (option) => command.getOptionValueSource(option) === 'cli')
      finish(await withJsonFault(flags.json, () => withWatchdog(() => run(flags))))
    })
}

const exitCodeHelp = `
Exit codes: 0 measured, 1 less is safe than in the results given by --against, 2 the call was wrong,
3 not all could be measured or judged.`

async function run(flags: CompareFlags): Promise<number> {
  const before = flags.against === undefined ? undefined : resultsAt(flags.against)
  const { results, isComplete } =
    flags.results === undefined
      ? await measureInFolder(flags)
      : { results: resultsAt(flags.results), isComplete: true }
  const change = before && compareResults(before, results)
  if (flags.json) {
    await printJson(change ? { results, change: resultsChangeToJson(change) } : results)
  } else {
    const parts = [renderComparison(results), ...(change ? [renderResultsChange(change)] : [])]
    await print(parts.join('\n\n'))
  }
  if (change?.safety.some(({ isWorse }) => isWorse)) return exitCodes.violated
  return isComplete && !isInconclusive(results) ? exitCodes.holds : exitCodes.inconclusive
}

const isInconclusive = ({ cells }: Results): boolean =>
  cells.some(
    ({ safety, cost }) =>
      safety?.searches.some(({ verdict }) => verdict === 'inconclusive') ||
      (cost?.failures.length ?? 0) > 0,
  )

/** @throws {UsageError} when there is no such file, or it holds no results that can be read. */
function resultsAt(path: string): Results {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? join(path, resultsName)
    : path
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`The results in ${file} cannot be read: ${describeThrown(error)}.`)
  }
  return readResults(text, file)
}

const resultsName = 'results.json'

/** What was measured, and whether that is all that was asked for. */
interface Measured {
  readonly results: Results
  readonly isComplete: boolean
}

async function measureInFolder(flags: CompareFlags): Promise<Measured> {
  const folder = flags.resume ? ResultsFolder.resume(flags.output) : await begin(flags)
  try {
    return await measure(folder, flags)
  } catch (error) {
    if (error instanceof ResultsNotWritten) throw new HarnessFault(error.message)
    throw error
  } finally {
    folder.close()
  }
}

async function begin(flags: CompareFlags): Promise<ResultsFolder> {
  checkCells({
    engines: flags.database,
    required: flags.require ?? [],
    choice: serverChoice(flags),
  })
  const mode = flags.quick ? 'quick' : 'full'
  const found = await Promise.all(sourcesOf(flags).map((source) => find(source, flags)))
  const strategies = found.map(({ strategy }) => strategy)
  const { places, notRun } = choosePlaces({
    strategies,
    engines: flags.database,
    levels: flags.isolation ?? (flags.quick ? undefined : isolationLevels),
    filter: flags.filter,
  })
  if (places.length + notRun.length === 0) throw new UsageError(nothingMatches(flags))
  return ResultsFolder.create(flags.output, {
    kind: 'comparison',
    format: resultsFormat,
    version: resultsVersion,
    lockstep: thisLockstep(),
    startedAt: new Date().toISOString(),
    machine: thisMachine(),
    settings: {
      mode,
      seed: flags.seed ?? Math.floor(Math.random() * 2 ** 31),
      parts: flags.only === undefined ? ['safety', 'cost'] : [flags.only],
      allCosts: flags.allCosts ?? false,
      sources: found.map(({ source }) => source),
      ...(flags.filter !== undefined && { filter: flags.filter }),
      effort: effortOf(flags, efforts[mode]),
    },
    strategies: strategies.map(({ name, workload, summary, claims }) => ({
      workload: workload.name,
      name,
      summary,
      claims: [...claims],
    })),
    places: [...places],
    unsupported: [...notRun],
  })
}

/** A strategy, and what finds it again: its file, or its name with its workload's. */
async function find(named: string, { workload }: CompareFlags) {
  const strategy = await findStrategy(named, workload)
  const source = isPath(named) ? named : `${strategy.workload.name}/${strategy.name}`
  return { strategy, source }
}

/** Names and files. */
function sourcesOf({ strategy, workload }: CompareFlags): string[] {
  if (strategy !== undefined) return [...new Set(strategy.split(',').map((name) => name.trim()))]
  return strategyIds.filter((id) => workload === undefined || id.startsWith(`${workload.name}/`))
}

const nothingMatches = ({ filter = '' }: CompareFlags): string =>
  `No cell matches --filter "${filter}": it is compared with names such as "purchase/reservation/mysql/serializable".`

async function measure(folder: ResultsFolder, flags: CompareFlags): Promise<Measured> {
  const { header, entries } = folder.progress
  const { settings, lockstep } = header
  const { revision } = thisLockstep()
  if (revision !== lockstep.revision) {
    complain(
      `what is there was measured at revision ${lockstep.revision ?? 'unknown'}, and this is ${revision ?? 'unknown'}: strategies may have changed.`,
    )
  }
  const startedAt = performance.now()
  const strategies = await Promise.all(settings.sources.map((source) => findStrategy(source)))
  const progress = new Progress()
  let stoppedBy: unknown
  const { notRun, hasLostServer } = await interruptible(async (signal) => {
    const ends = await runComparison({
      ...settings,
      places: header.places,
      strategies,
      entries,
      withServer: (engine, use) => withServer(engine, serverChoice(flags), signal, use),
      replayCommand: `${commandName} replay`,
      deadline: startedAt + (flags.timeBudget ?? Infinity) * 1000,
      signal,
      onEntry: (entry) => folder.append(entry),
      onProgress: (line) => progress.show(line),
    })
    if (signal.aborted) stoppedBy = signal.reason
    return ends
  }).finally(() => progress.clear())
  folder.append({ kind: 'time', elapsedMs: performance.now() - startedAt })
  const isComplete = stoppedBy === undefined && !notRun.some(({ reason }) => reason === timeIsUp)
  const results = toResults(folder.progress, notRun, isComplete ? new Date() : undefined)
  sayWhatWasWritten(writeFiles(folder, results, strategies))
  if (stoppedBy !== undefined) complain(howToGoOn(folder, stoppedBy))
  const isWhole = isComplete && !hasLostServer && results.cells.length > 0
  return { results, isComplete: isWhole && !lacksRequired(flags, results) }
}

function howToGoOn({ path }: ResultsFolder, reason: unknown): string {
  const why = reason instanceof Fault ? reason.message : 'Interrupted.'
  const where = path === defaultOutput ? '' : ` --output ${quoted(path)}`
  return `${why} Nothing that was measured is lost: ${commandName} compare --resume${where} goes on.`
}

function lacksRequired({ require = [] }: CompareFlags, { notRun, databases }: Results): boolean {
  const names = new Set(require.map(({ name }) => name))
  const has = new Set(databases.map(({ engine }) => engine))
  return notRun.length > 0 && [...names].some((name) => !has.has(name))
}

function writeFiles(
  folder: ResultsFolder,
  results: Results,
  strategies: readonly Strategy[],
): string[] {
  const workloads = strategies.map(({ workload }) => workload)
  return [
    folder.write(resultsName, `${JSON.stringify(results, undefined, 2)}\n`),
    folder.write('results.csv', resultsToCsv(results)),
    folder.write('summary.md', resultsToMarkdown(results)),
    folder.write('report.html', renderReport(results, workloads)),
  ]
}

function sayWhatWasWritten(files: readonly string[]): void {
  process.stderr.write(`Written: ${files.join(', ')}\n`)
}
