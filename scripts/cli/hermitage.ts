import { Command, Option } from 'commander'
import {
  byName,
  engines,
  Fault,
  HarnessFault,
  hermitageToJson,
  hermitageVerdict,
  isolationCases,
  isolationLevels,
  platforms,
  platformSettings,
  renderHermitage,
  runIsolationCases,
  type DatabaseServer,
  type Engine,
  type HermitageResult,
  type HermitageVerdict,
  type IsolationCase,
  type IsolationLevel,
  type LevelNotRun,
  type LevelResult,
  type Platform,
} from '../../harness/index.ts'
import { interruptible, withLane, withServer } from './database.ts'
import { Interruption } from './ending.ts'
import { exitCodes } from './exit.ts'
import { withJsonFault } from './json-fault.ts'
import { checkCells } from './matrix.ts'
import { databaseOption, listed, parseIsolations } from './options.ts'
import { print, printJson, Progress } from './output.ts'
import { serverChoice, serverOptions, type ServerFlags } from './server-options.ts'

interface HermitageFlags extends ServerFlags {
  readonly database: readonly Engine[]
  readonly isolation: readonly IsolationLevel[]
  readonly case: readonly IsolationCase[]
  readonly json?: true
}

export function hermitageCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('hermitage')
    .description(
      'Show which anomalies each isolation level lets through, with the Hermitage suite.',
    )
    .addOption(databaseOption(engines.slice(0, 1)))
    .addOption(
      new Option(
        '--isolation <levels>',
        `${isolationLevels.join(', ')}, several with commas between, or all`,
      )
        .argParser(parseIsolations)
        .default([...isolationLevels], 'all'),
    )
    .addOption(
      new Option(
        '--case <names>',
        `${isolationCases.map(({ name }) => name).join(', ')}, several with commas between, or all`,
      )
        .argParser(parseCases)
        .default(isolationCases, 'all'),
    )
  return serverOptions(command)
    .option('--json', 'print one JSON document')
    .addHelpText('after', exitCodeHelp)
    .action(async (flags: HermitageFlags) =>
      finish(await withJsonFault(flags.json, () => run(flags))),
    )
}

const exitCodeHelp = `
MariaDB is run with innodb_snapshot_isolation off and on.

Exit codes: 0 all as expected, 1 something is different, 2 the call was wrong, 3 inconclusive.`

const parseCases = (text: string): IsolationCase[] =>
  listed(text, isolationCases, (name) => byName('case', isolationCases, name))

const exitCodeOf = {
  'as expected': exitCodes.holds,
  different: exitCodes.violated,
  inconclusive: exitCodes.inconclusive,
} as const satisfies Record<HermitageVerdict, number>

async function run(flags: HermitageFlags): Promise<number> {
  checkCells({ engines: flags.database, required: [], choice: serverChoice(flags) })
  const result = await runSuite(flags)
  await (flags.json ? printJson(hermitageToJson(result)) : print(renderHermitage(result)))
  return exitCodeOf[hermitageVerdict(result)]
}

/** Runs the cases on one engine after the other, and notes what could not be run. */
async function runSuite(flags: HermitageFlags): Promise<HermitageResult> {
  const suite = new Suite(flags)
  await interruptible(async (signal) => {
    for (const engine of flags.database) await suite.runOn(engine, signal)
  }).finally(() => suite.progress.clear())
  return suite
}

class Suite implements HermitageResult {
  readonly levels: LevelResult[] = []
  readonly notRun: LevelNotRun[] = []
  readonly progress = new Progress()
  readonly #flags: HermitageFlags

  constructor(flags: HermitageFlags) {
    this.#flags = flags
  }

  async runOn(engine: Engine, signal: AbortSignal): Promise<void> {
    const left = platforms.filter((each) => platformSettings[each].engine === engine.name)
    try {
      if (signal.aborted) throw new HarnessFault('It was interrupted before.')
      this.progress.show(() => `starting ${engine.title} …`)
      await withServer(engine, serverChoice(this.#flags), signal, async (server) => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          await this.#runPlatform(engine, server, next, signal)
        }
      })
    } catch (error) {
      for (const platform of left) this.#note(platform, error)
    }
  }

  async #runPlatform(
    engine: Engine,
    server: DatabaseServer,
    platform: Platform,
    signal: AbortSignal,
  ): Promise<void> {
    const { snapshotIsolation } = platformSettings[platform]
    try {
      for (const isolation of this.#flags.isolation) {
        this.progress.show(() => `${engine.title}, ${isolation}`)
        const level = await withLane(engine, server, { isolation, snapshotIsolation }, (lane) =>
          runIsolationCases(lane, this.#flags.case, signal),
        )
        this.levels.push(level)
      }
    } catch (error) {
      this.#note(platform, error)
    }
  }

  /** What a fault has kept from being run, or from being run to its end. */
  #note(platform: Platform, error: unknown): void {
    if (!(error instanceof Fault) && !(error instanceof Interruption)) throw error
    this.notRun.push({ platform, reason: error.message })
  }
}
