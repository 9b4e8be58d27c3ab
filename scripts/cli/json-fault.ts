import { Fault } from '../../harness/index.ts'
import { Interruption } from './ending.ts'
import { exitCodes } from './exit.ts'
import { printJson } from './output.ts'

/**
 * Runs a command that may fail before it has anything to report on. Programs that asked for a
 * document get one then too; to people the fault is said by whoever catches it.
 */
export async function withJsonFault(
  json: true | undefined,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run()
  } catch (error) {
    const interrupted = error instanceof Interruption
    if (json === undefined || !(interrupted || error instanceof Fault)) throw error
    const fault = interrupted ? 'interrupted' : error.kind
    await printJson({ verdict: 'inconclusive', reason: error.message, fault })
    return exitCodes.inconclusive
  }
}
