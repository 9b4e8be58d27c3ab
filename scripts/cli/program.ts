import { Command, CommanderError } from 'commander'
import { Fault, UsageError, describeThrown } from '../../harness/index.ts'
import { asSentence } from './as-sentence.ts'
import { compareCommand } from './compare.ts'
import { doctorCommand } from './doctor.ts'
import { Interruption } from './ending.ts'
import { exitCodes } from './exit.ts'
import { exploreCommand } from './explore.ts'
import { hermitageCommand } from './hermitage.ts'
import { initCommand } from './init.ts'
import { listCommand } from './list.ts'
import { claimStandardOutput, complain, OutputError, print } from './output.ts'
import { replayCommand } from './replay.ts'
import { simulateCommand } from './simulate.ts'
import { specCommand } from './spec.ts'

/** Runs a command line, and returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  claimStandardOutput()
  let exitCode = 0
  let help = ''
  const finish = (code: number): void => {
    exitCode = code
  }
  const writeOut = (text: string): void => {
    help += text
  }
  try {
    await program(finish, writeOut).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError && error.exitCode === 0)) return report(error)
    return print(help.trimEnd()).then(() => exitCodes.holds, report)
  }
}

function program(finish: (exitCode: number) => void, writeOut: (text: string) => void): Command {
  const output = { writeOut, outputError: () => {}, getOutHelpWidth: () => helpWidth }
  const lockstep = new Command('lockstep')
    .description('Find the interleaving that breaks database code, on a real database.')
    .helpCommand(false)
  for (const make of [
    exploreCommand,
    replayCommand,
    compareCommand,
    simulateCommand,
    hermitageCommand,
    specCommand,
    listCommand,
    initCommand,
    doctorCommand,
  ]) {
    lockstep.addCommand(make(finish).exitOverride().configureOutput(output))
  }
  return lockstep.exitOverride().configureOutput(output)
}

const helpWidth = 100

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // The help that stands in for a missing command has been written.
    if (error.code !== 'commander.help') complain(asSentence(error.message))
    return exitCodes.usage
  }
  if (error instanceof UsageError) {
    complain(error.message)
    return exitCodes.usage
  }
  complain(whyInconclusive(error))
  return exitCodes.inconclusive
}

function whyInconclusive(error: unknown): string {
  if (error instanceof OutputError) return `the result was lost: ${error.message}.`
  if (error instanceof Fault || error instanceof Interruption) {
    return `inconclusive: ${error.message}`
  }
  return `inconclusive, through a fault of Lockstep itself: ${describeThrown(error)}\n${stackOf(error)}`
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? '').split('\n').slice(1).join('\n') : ''
