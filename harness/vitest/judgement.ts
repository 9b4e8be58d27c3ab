import { commandName } from '../command-name.ts'
import { renderText } from '../report/text.ts'
import type { Exploration } from '../verdict.ts'
import type { AnyWorkload } from '../workload.ts'

/** What is to come of a test. */
export type Expected = Exclude<Exploration['verdict'], 'inconclusive'>

/**
 * What is wrong with an exploration that was to end as expected: its report, with what was expected
 * before it. `undefined` when nothing is.
 *
 * @param file that the strategy is exported from, for the line that replays
 */
export function whyUnexpected(
  workload: AnyWorkload,
  exploration: Exploration,
  expected: Expected,
  file: string | undefined,
): string | undefined {
  const { verdict, schedules, strategy } = exploration
  const report = (): string =>
    renderText(workload, exploration, { replayCommand: replayCommand(strategy, file) })
  // An exploration that has run nothing is inconclusive. Should that ever change, it is no pass here.
  if (schedules === 0 && verdict !== 'inconclusive') return `No schedule was run.\n${report()}`
  if (verdict === expected) return undefined
  return `${strategy} ${unexpected(verdict, expected)}\n\n${report()}\n`
}

function unexpected(verdict: Exploration['verdict'], expected: Expected): string {
  if (verdict === 'inconclusive') return `could not be judged, which is not a pass.`
  return verdict === 'violated'
    ? `was expected to hold, and was broken.`
    : `was expected to be ${expected}, and held: nothing broke it this time.`
}

/** Only its author knows where a strategy is. */
function replayCommand(strategy: string, file: string | undefined): string {
  return `${commandName} replay --strategy ${file ?? `FILE_OF_${strategy}`}`
}
