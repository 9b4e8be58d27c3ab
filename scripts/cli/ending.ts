import { strayFault } from '../../harness/index.ts'
import { exitCodes } from './exit.ts'
import { complain } from './output.ts'

/**
 * Runs a command and ends the process with its exit code, and never with another one. Code under test
 * shares this process: it may call `process.exit()`, throw where nobody catches it, or leave a timer
 * or a connection behind that would keep the process alive. None of that may look like a verdict.
 */
export async function endWith(command: () => Promise<number>): Promise<never> {
  process.on('exit', endedTooEarly)
  process.on('uncaughtException', (thrown) => {
    // Whoever else listens can say more.
    if (process.listenerCount('uncaughtException') > 1) return
    const fault = strayFault(thrown)
    if (!fault) return
    complain(`inconclusive: ${fault.message}`)
    endNow(exitCodes.inconclusive)
  })
  return endNow(await command())
}

/** Ends the process at once. A server that still runs is ended by its keeper. */
export function endNow(exitCode: number): never {
  process.off('exit', endedTooEarly)
  process.exit(exitCode)
}

function endedTooEarly(): void {
  complain('inconclusive: the code under test ended the process, with process.exit() or alike.')
  process.exitCode = exitCodes.inconclusive
}

/** Somebody did not want to wait, and there is no verdict yet. */
export class Interruption extends Error {
  override readonly name = 'Interruption'
}
