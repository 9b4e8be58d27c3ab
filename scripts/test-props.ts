#!/usr/bin/env node
/**
 * Runs the properties by vitest, and ends with an exit code that says what came of them, as every command
 * of Lockstep does: see docs/ci.md.
 */
import { globSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import type { SerializedError } from 'vitest'
import {
  describeThrown,
  engineNames,
  propertiesVerdict,
  unknownName,
  UsageError,
  type PropertyRun,
} from '../harness/index.ts'
import { faultVariable } from '../harness/testing/global-setup.ts'
import { propertyRun } from '../harness/testing/property-run.ts'
import { writeSummary } from '../harness/testing/write-summary.ts'
import { namesIn, wholeNumberIn } from '../properties/settings/environment.ts'
import { prepareRun } from '../properties/settings/prepare.ts'
import { reporterNames, results } from '../properties/settings/reporters.ts'
import { SettingsError } from '../properties/settings/problem.ts'
import { asSentence } from './cli/as-sentence.ts'
import { exitCodes } from './cli/exit.ts'
import { complain } from './cli/output.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** More than closing takes: what is still open then has been left behind by a test. */
const closingMs = 10_000

interface Flags {
  readonly testNamePattern?: string
  readonly shard?: string
  readonly blob?: string
  readonly mergeReports?: string
  readonly junit?: string
}

const command = new Command('test:props')
  .description(
    'Hold all strategies to what is expected of them, and search for what nobody knows yet.',
  )
  .argument('[files...]', 'only these files of properties, by a part of their names')
  .option('-t, --test-name-pattern <pattern>', 'only the properties whose names match')
  .option('--shard <i/n>', 'only the i-th of n parts')
  .option('--blob <file>', 'keep what came of it, for --merge-reports')
  .option('--merge-reports <folder>', 'run nothing, and report what the parts have kept there')
  .option('--junit <file>', 'write a report in the form of JUnit')
  .addHelpText(
    'after',
    `
Exit codes: 0 all is as expected, 1 something is not, 2 the call was wrong, 3 inconclusive.
The environment says more: see docs/ci.md.`,
  )
  .exitOverride()
  .configureOutput({ outputError: () => {} })

/** What the tests would stumble over, each in a worker of its own. */
function checkSettings(): void {
  prepareRun(root)
  namesIn('LOCKSTEP_DATABASES', engineNames)
  namesIn('LOCKSTEP_REQUIRE', engineNames)
  wholeNumberIn('LOCKSTEP_SCHEDULES', 1)
}

/** @throws {UsageError} when a call cannot be what was meant. */
function check(names: readonly string[], { shard, mergeReports }: Flags): void {
  const files = globSync('properties/**/*.props.ts')
  for (const name of names) {
    if (files.some((file) => file.includes(name))) continue
    const known = files.map((file) => file.replace(/^properties\/(.*)\.props\.ts$/, '$1'))
    throw new UsageError(unknownName('file of properties', name, known))
  }
  const [, index = 0, number = 0] = /^(\d+)\/(\d+)$/.exec(shard ?? '1/1')?.map(Number) ?? []
  if (index < 1 || index > number) {
    throw new UsageError(
      `--shard takes a number and how many there are, as 1/3, and not "${shard}".`,
    )
  }
  if (mergeReports === undefined) return
  const isFolder = statSync(mergeReports, { throwIfNoEntry: false })?.isDirectory() === true
  if (isFolder && readdirSync(mergeReports).length > 0) return
  throw new UsageError(
    `There is nothing to merge in "${mergeReports}": no part has kept anything there.`,
  )
}

/** Besides those of the configuration, which are named again, as these take their place. */
function reportersOf({ junit, blob, mergeReports }: Flags) {
  const json = results()
  const files = {
    ...(junit !== undefined && { junit }),
    ...(blob !== undefined && { blob }),
  }
  return {
    reporter: [...reporterNames({ areMerged: mergeReports !== undefined }), ...Object.keys(files)],
    outputFile: { ...files, ...(json !== undefined && { json }) },
  }
}

async function main(args: readonly string[]): Promise<number> {
  command.parse(args, { from: 'user' })
  const flags = command.opts<Flags>()
  checkSettings()
  check(command.args, flags)
  const { testNamePattern, shard, mergeReports } = flags
  // A call that is wrong need not wait for it to be loaded.
  const { startVitest } = await import('vitest/node')
  const vitest = await startVitest(command.args, {
    run: true,
    project: 'props',
    ...(testNamePattern !== undefined && { testNamePattern }),
    ...(shard !== undefined && { shard }),
    ...(mergeReports !== undefined && { mergeReports }),
    ...reportersOf(flags),
  })
  const modules = vitest.state.getTestModules()
  const errors = vitest.state.getUnhandledErrors() as readonly SerializedError[]
  const run = propertyRun({ vitest, modules, errors })
  const fault = process.env[faultVariable] ?? otherFault(run)
  const ended = fault === undefined ? run : { ...run, faults: [...run.faults, fault] }
  // Where nothing could begin, no reporter has heard of it.
  const problem = modules.length === 0 ? writeSummary(ended) : undefined
  if (problem !== undefined) complain(problem)
  const verdict = propertiesVerdict(ended)
  process.stderr.write(`properties: ${verdict}${fault === undefined ? '' : `. ${fault}`}\n`)
  return exitCodes[verdict]
}

/** What vitest tells by nothing but the exit code, after it has printed it. */
function otherFault(run: PropertyRun): string | undefined {
  const hasFailed = process.exitCode !== exitCodes.inconclusive
  const isHeld = propertiesVerdict({ ...run, isPart: true }) === 'holds'
  return hasFailed && isHeld ? 'Vitest could not do what it had to: see above.' : undefined
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.holds
    complain(asSentence(error.message))
    return exitCodes.usage
  }
  const isUsage = error instanceof UsageError || error instanceof SettingsError
  complain(isUsage ? error.message : `inconclusive: ${describeThrown(error)}`)
  return isUsage ? exitCodes.usage : exitCodes.inconclusive
}

process.chdir(root)
// Until more is known. Whoever interrupts the run ends it with this.
process.exitCode = exitCodes.inconclusive
process.exitCode = await main(process.argv.slice(2)).catch(report)
setTimeout(() => process.exit(), closingMs).unref()
