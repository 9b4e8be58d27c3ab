import { Command, CommanderError } from 'commander'
import { Fault, UsageError, describeThrown } from '../../harness/index.ts'
import { exitCodes } from './exit.ts'
import { exploreCommand } from './explore.ts'
import { listCommand } from './list.ts'
import { complain, tolerateClosedPipe } from './output.ts'
import { replayCommand } from './replay.ts'

/** Runs a command line, and returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  tolerateClosedPipe()
  let exitCode = 0
  const finish = (code: number): void => {
    exitCode = code
  }
  try {
    await program(finish).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error)
  }
}

function program(finish: (exitCode: number) => void): Command {
  const lockstep = new Command('lockstep')
    .description('Find the interleaving that breaks database code, on a real database.')
    .helpCommand(false)
  for (const make of [exploreCommand, replayCommand, listCommand]) {
    const command = make(finish)
    command.exitOverride().configureOutput({ outputError: () => {} })
    lockstep.addCommand(command)
  }
  return lockstep.exitOverride().configureOutput({ outputError: () => {} })
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0 // --help
    if (error.code === 'commander.help') return exitCodes.usage
    complain(asSentence(error.message))
    return exitCodes.usage
  }
  if (error instanceof UsageError) {
    complain(error.message)
    return exitCodes.usage
  }
  if (error instanceof Fault) complain(`inconclusive: ${error.message}`)
  else
    complain(
      `inconclusive, through a fault of Lockstep itself: ${describeThrown(error)}\n${stackOf(error)}`,
    )
  return exitCodes.inconclusive
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? '').split('\n').slice(1).join('\n') : ''

/** commander's messages begin with "error: " and may go on in a second line. */
function asSentence(message: string): string {
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)?]$/.test(text) ? '' : '.'} See --help.`
}
