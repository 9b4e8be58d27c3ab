import { readFileSync, statSync } from 'node:fs'
import { Command } from 'commander'
import {
  byName,
  checkRecording,
  decodeToken,
  engines,
  Fault,
  needsDurability,
  parseKnown,
  prepareLane,
  renderReplay,
  replay,
  replayToJson,
  UsageError,
  type ExportedRun,
  type Lane,
  type Recording,
  type Replayed,
  type Strategy,
} from '../../harness/index.ts'
import { strategies } from '../../strategies/index.ts'
import { interruptible, withLane, withServer } from './database.ts'
import { exitCodes } from './exit.ts'
import { checkExport, exportOption, printExport, remarksOf, type ExportFlags } from './export.ts'
import { withJsonFault } from './json-fault.ts'
import { findStrategy, isPath, parseWorkload } from './options.ts'
import { print, printJson } from './output.ts'
import { serverChoice, serverOptions, type ServerFlags } from './server-options.ts'
import { withWatchdog } from './watchdog.ts'

interface ReplayFlags extends ServerFlags, ExportFlags {
  readonly strategy?: string
}

export function replayCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('replay')
    .description('Repeat a recorded run step for step.')
    .argument('<token>', 'what explore printed: ls1.…, or the file of a known counterexample')
    .option('--strategy <file>', 'the file the strategy is in, if it is not a built-in one')
  return exportOption(serverOptions(command))
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Exit codes: 0 the violation did not happen again, 1 it did, 2 the call was wrong,
3 the recording cannot be followed any more.`,
    )
    .action(async (recorded: string, flags: ReplayFlags) =>
      finish(await withJsonFault(flags.json, () => withWatchdog(() => run(recorded, flags)))),
    )
}

async function run(recorded: string, flags: ReplayFlags): Promise<number> {
  const { token, recording } = read(recorded)
  checkExport(flags, [recording.engine])
  const strategy = await strategyOf(recording, flags.strategy)
  checkRecording(recording, strategy)
  const engine = byName('database', engines, recording.engine)
  const replayOn = async (lane: Lane, signal: AbortSignal): Promise<Replayed> => {
    const { version, provider } = lane
    const { grain } = recording
    const where = { ...recording, database: { engine: engine.name, version, provider } }
    try {
      await prepareLane(lane, strategy, grain)
      const { record, violations } = await replay({ lane, strategy, recording, grain, signal })
      return { ...where, record, violations, verdict: verdictOf(violations, recording.invariant) }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { ...where, verdict: 'inconclusive', reason: error.message, fault: error.kind }
    }
  }
  const struck = recording.plan.faults?.map(({ kind }) => kind) ?? []
  const choice = { ...serverChoice(flags), durable: needsDurability(struck) }
  const replayed = await interruptible((signal) =>
    withServer(engine, choice, signal, (server) =>
      withLane(engine, server, recording, (lane) => replayOn(lane, signal)),
    ),
  )
  if (flags.json) await printJson(replayToJson(replayed))
  else {
    const report = renderReplay(strategy.workload, replayed)
    await (flags.export ? printExport(report, runOf(token, strategy, replayed)) : print(report))
  }
  return exitCodes[replayed.verdict]
}

/** A token holds dots, but never at its end what a file is called by. */
const isFile = (recorded: string): boolean => recorded.endsWith('.json')

function read(recorded: string): { readonly token: string; readonly recording: Recording } {
  if (!isFile(recorded)) return { token: recorded, recording: decodeToken(recorded) }
  if (!statSync(recorded, { throwIfNoEntry: false })?.isFile()) {
    throw new UsageError(`There is no file "${recorded}" to replay.`)
  }
  const { known, recording } = parseKnown(readFileSync(recorded, 'utf8'), recorded)
  return { token: known.token, recording }
}

/** What there is to export of a replay that could be followed. */
function runOf(token: string, strategy: Strategy, replayed: Replayed): ExportedRun | undefined {
  if (replayed.verdict === 'inconclusive') return undefined
  const { database, isolation, plan, record, violations, invariant } = replayed
  const broken = violations.find((each) => each.invariant === invariant)
  const message = broken?.message ?? 'It did not, when this was made.'
  return {
    strategy,
    engine: database.engine,
    isolation,
    initial: plan.initial,
    history: record.history,
    remarks: remarksOf(strategy, { invariant, message, token }),
  }
}

/** A token holds names only: not the file that a strategy, and its workload with it, may have come from. */
async function strategyOf(
  { strategy: name, workload }: Recording,
  given: string | undefined,
): Promise<Strategy> {
  if (given === undefined) {
    const builtIn = strategies.find((each) => each.workload.name === workload && each.name === name)
    if (builtIn) return builtIn
    throw new UsageError(
      `The token is of strategy "${workload}/${name}", which is not built in: add --strategy and the file it is in.`,
    )
  }
  const strategy = await findStrategy(given, isPath(given) ? undefined : parseWorkload(workload))
  if (strategy.workload.name === workload) return strategy
  throw new UsageError(
    `The token is of workload "${workload}", and strategy "${strategy.name}" is for workload "${strategy.workload.name}".`,
  )
}

function verdictOf(
  violations: readonly { readonly invariant: string }[],
  invariant: string,
): 'violated' | 'holds' {
  return violations.some((each) => each.invariant === invariant) ? 'violated' : 'holds'
}
