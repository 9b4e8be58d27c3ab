#!/usr/bin/env node
/**
 * Runs the properties by vitest, whose options it takes, and ends with an exit code that says what came
 * of them, as every command of Lockstep does: see docs/ci.md.
 */
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { SerializedError } from 'vitest'
import { parseCLI, startVitest } from 'vitest/node'
import { engineNames, propertiesVerdict, unknownName, UsageError } from '../harness/index.ts'
import { faultVariable } from '../harness/testing/global-setup.ts'
import { propertyRun } from '../harness/testing/property-run.ts'
import { writeSummary } from '../harness/testing/write-summary.ts'
import { namesIn, wholeNumberIn } from '../properties/settings/environment.ts'
import { prepareRun } from '../properties/settings/prepare.ts'
import { SettingsError } from '../properties/settings/problem.ts'
import { exitCodes } from './cli/exit.ts'
import { complain } from './cli/output.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const summaryReporter = './harness/testing/summary-reporter.ts'

/** More than closing takes: what is still open then has been left behind by a test. */
const closingMs = 10_000

/** What the tests would stumble over, each in a worker of its own. */
function checkSettings(): void {
  prepareRun(root)
  namesIn('LOCKSTEP_DATABASES', engineNames)
  namesIn('LOCKSTEP_REQUIRE', engineNames)
  wholeNumberIn('LOCKSTEP_SCHEDULES', 1)
}

/** Options of vitest's that make sense here. To all others it would say nothing. */
const taken = [
  ...['reporter', 'outputFile', 'shard', 'mergeReports', 'testNamePattern', 'bail', 'maxWorkers'],
  ...['silent', 'hideSkippedTests', 'color', 'help'],
]

/** What parsing adds by itself. */
const added = ['--', 'run', 't', 'h']

/** @throws {UsageError} when there is no such option, or no file is called so. */
function parse(args: readonly string[]): ReturnType<typeof parseCLI> {
  let parsed: ReturnType<typeof parseCLI>
  try {
    parsed = parseCLI(['vitest', 'run', ...args])
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
  const names = Object.keys(parsed.options)
  const unknown = names.find((name) => ![...taken, ...added].includes(name))
  if (unknown !== undefined) throw new UsageError(unknownName('option', unknown, taken))
  const files = globSync('properties/**/*.props.ts')
  for (const name of parsed.filter) {
    if (files.some((file) => file.includes(name))) continue
    const known = files.map((file) => file.replace(/^properties\/(.*)\.props\.ts$/, '$1'))
    throw new UsageError(unknownName('file of properties', name, known))
  }
  return parsed
}

function complainOf(problem: string | undefined): void {
  if (problem !== undefined) complain(problem)
}

async function main(args: readonly string[]): Promise<number> {
  checkSettings()
  const { filter, options } = parse(args)
  const { reporter } = options as { readonly reporter?: string | readonly string[] }
  const vitest = await startVitest(filter, {
    ...options,
    project: 'props',
    ...(reporter !== undefined && { reporter: [reporter, summaryReporter].flat() }),
  })
  const modules = vitest.state.getTestModules()
  const errors = vitest.state.getUnhandledErrors() as readonly SerializedError[]
  const fault = process.env[faultVariable]
  const run = propertyRun({ vitest, modules, errors })
  const ended = fault === undefined ? run : { ...run, faults: [...run.faults, fault] }
  // Where nothing could begin, no reporter has heard of it.
  if (modules.length === 0) complainOf(writeSummary(ended))
  const verdict = propertiesVerdict(ended)
  process.stderr.write(`properties: ${verdict}${fault === undefined ? '' : `. ${fault}`}\n`)
  return exitCodes[verdict]
}

process.chdir(root)
// Until more is known. Whoever interrupts the run ends it with this.
process.exitCode = exitCodes.inconclusive
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError || error instanceof SettingsError)) throw error
  complain(error.message)
  process.exitCode = exitCodes.usage
}
setTimeout(() => process.exit(), closingMs).unref()
