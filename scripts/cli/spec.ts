import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Command } from 'commander'
import {
  byName,
  countPermutations,
  engines,
  parseSpec,
  runSpec,
  UsageError,
  type PermutationRecord,
  type Spec,
  type SpecReport,
  type SpecRunOptions,
} from '../../harness/index.ts'
import { interruptible, withServer } from './database.ts'
import { exitCodes } from './exit.ts'
import { withJsonFault } from './json-fault.ts'
import { seconds, wholeNumber } from './options.ts'
import { complain, printJson, Progress, write } from './output.ts'
import { serverChoice, serverOptions, type ServerFlags } from './server-options.ts'

interface SpecFlags extends ServerFlags {
  readonly permutation?: readonly number[]
  readonly stepTimeout?: number
  readonly lanes?: number
  readonly remake?: true
  readonly json?: true
}

export function specCommand(finish: (exitCode: number) => void): Command {
  const number = wholeNumber('--permutation', 1)
  const command = new Command('spec')
    .description(
      "Run a specification of PostgreSQL's isolation tester, and print what that prints.",
    )
    .argument('<file>', 'the specification')
    .option(
      '--permutation <n...>',
      'run only these, by their numbers from 1 (default: all)',
      (text: string, others: readonly number[] | undefined) => [...(others ?? []), number(text)],
    )
    .option(
      '--step-timeout <seconds>',
      'cancel a step that takes longer (default: 360, or twice PG_TEST_TIMEOUT_DEFAULT)',
      seconds('--step-timeout'),
    )
    .option(
      '--lanes <n>',
      'most permutations side by side, where that makes no difference (default: as many as there are cores)',
      wholeNumber('--lanes', 1, 64),
    )
    .option('--remake', 'make tables anew for every permutation, even where it makes no difference')
  return serverOptions(command)
    .option('--json', 'print one JSON document')
    .addHelpText('after', exitCodeHelp)
    .action(async (file: string, flags: SpecFlags) =>
      finish(await withJsonFault(flags.json, () => run(file, flags))),
    )
}

const exitCodeHelp = `
Exit codes: 0 all permutations have been run, 2 the call or the specification was wrong,
3 some have not been run to their end.`

async function run(file: string, flags: SpecFlags): Promise<number> {
  const spec = parseSpec(await contentOf(file))
  checkNumbers(flags.permutation, spec)
  const postgres = byName('database', engines, 'postgres')
  return interruptible((signal) =>
    withServer(postgres, serverChoice(flags), signal, async (server) => {
      const options = {
        server,
        spec,
        name: basename(file, '.spec'),
        only: flags.permutation,
        stepLimitMs: stepLimitMs(flags),
        lanes: flags.lanes,
        remake: flags.remake,
        signal,
      }
      return flags.json ? asJson(file, options) : asTranscript(options)
    }),
  )
}

type Options = Omit<SpecRunOptions, 'write' | 'onPermutation'>

async function asTranscript(options: Options): Promise<number> {
  const progress = new Progress()
  const of = options.only?.length ?? countPermutations(options.spec)
  let done = 0
  let written = Promise.resolve()
  const report = await runSpec({
    ...options,
    write: (stream, text) => {
      progress.clear()
      if (stream === 'err') process.stderr.write(text)
      else written = Promise.all([written, write(text)]).then(() => undefined)
    },
    onPermutation: () => {
      done += 1
      if (!process.stdout.isTTY) progress.show(() => `permutations: ${done} of ${of}`)
    },
  }).finally(() => progress.clear())
  await written
  const reason = whyIncomplete(report)
  if (reason !== undefined) complain(`inconclusive: ${reason}`)
  return exitCodeOf(report)
}

async function asJson(file: string, options: Options): Promise<number> {
  const permutations: Omit<PermutationRecord, 'cancelled'>[] = []
  const report = await runSpec({
    ...options,
    write: () => {},
    onPermutation: ({ number, steps, transcript }) =>
      permutations.push({ number, steps, transcript }),
  })
  const { of, cancelled, ended } = report
  const reason =
    ended === undefined || ended === 'interrupted' ? whyIncomplete(report) : ended.reason
  await printJson({
    specification: file,
    permutations,
    of,
    cancelledSteps: cancelled,
    complete: exitCodeOf(report) === exitCodes.holds,
    ...(reason !== undefined && { reason }),
  })
  return exitCodeOf(report)
}

const exitCodeOf = ({ ended, cancelled }: SpecReport): number =>
  ended === undefined && cancelled === 0 ? exitCodes.holds : exitCodes.inconclusive

/** What the transcript does not say itself. */
function whyIncomplete({ permutations, of, cancelled, ended }: SpecReport): string | undefined {
  if (ended === 'interrupted') return `interrupted after ${permutations} of ${of} permutations.`
  if (ended !== undefined || cancelled === 0) return undefined
  return cancelled === 1
    ? '1 step took too long and was cancelled.'
    : `${cancelled} steps took too long and were cancelled.`
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`The specification cannot be read: ${(error as Error).message}.`)
  }
}

function checkNumbers(numbers: readonly number[] | undefined, spec: Spec): void {
  const of = countPermutations(spec)
  const tooLarge = numbers?.find((number) => number > of)
  if (tooLarge === undefined) return
  throw new UsageError(
    `The specification has ${of} permutations, and so none of number ${tooLarge}.`,
  )
}

/** As for PostgreSQL's own tool, whose variable is half of what it waits for. */
function stepLimitMs({ stepTimeout }: SpecFlags): number | undefined {
  if (stepTimeout !== undefined) return stepTimeout * 1000
  const half = Number(process.env['PG_TEST_TIMEOUT_DEFAULT'])
  return half > 0 ? 2 * half * 1000 : undefined
}
