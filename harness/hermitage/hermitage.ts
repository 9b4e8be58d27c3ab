import type { Lane } from '../databases/engine.ts'
import { isolationOf } from '../databases/isolation.ts'
import { Fault } from '../errors.ts'
import type { Explored } from '../verdict.ts'
import type { CaseRun } from './case-run.ts'
import { observe, wentAs, type Course } from './course.ts'
import type { IsolationCase } from './isolation-case.ts'
import { judgeCase, type Judgement } from './judge.ts'
import { platformOf, type Platform } from './platform.ts'
import { prepareForScripts, runScript } from './run-script.ts'

/** A case at one level of one database: what was expected, and what was seen. */
export interface CaseResult {
  readonly which: IsolationCase
  readonly expected: Course
  readonly judgement: Judgement
  /** How it went; undefined when it could not be run to its end. */
  readonly run?: CaseRun
  /** Whether all of it was as expected; undefined when something was not. */
  readonly wentAs: ReturnType<typeof wentAs>
}

/** The cases at one level of one database. */
export interface LevelResult extends Pick<
  Explored,
  'database' | 'isolation' | 'snapshotIsolation'
> {
  readonly platform: Platform
  readonly cases: readonly CaseResult[]
}

/** What could not be run, and why. */
export interface LevelNotRun {
  readonly platform: Platform
  readonly reason: string
}

/** What the cases came to at every level that was run, and why some were not. */
export interface HermitageResult {
  readonly levels: readonly LevelResult[]
  readonly notRun: readonly LevelNotRun[]
}

/**
 * Runs cases at the lane's isolation level. The lane's tables are replaced.
 *
 * @throws {Fault} when the signal is aborted, or the lane cannot be prepared. What stops a single case
 *   makes it inconclusive.
 */
export async function runIsolationCases(
  lane: Lane,
  cases: readonly IsolationCase[],
  signal?: AbortSignal,
): Promise<LevelResult> {
  await prepareForScripts(lane)
  const results: CaseResult[] = []
  for (const which of cases) results.push(await runCase(lane, which, signal))
  const { engine, version, provider } = lane
  return {
    platform: platformOf(lane),
    database: { engine: engine.name, version, provider },
    ...isolationOf(lane),
    cases: results,
  }
}

async function runCase(
  lane: Lane,
  which: IsolationCase,
  signal: AbortSignal | undefined,
): Promise<CaseResult> {
  const expected = which.expected[platformOf(lane)][lane.isolation]
  try {
    const run = await runScript(lane, which.script, signal)
    const judgement = judgeCase(which, run)
    return { which, expected, judgement, run, wentAs: wentAs(expected, judgement, observe(run)) }
  } catch (error) {
    if (!(error instanceof Fault) || signal?.aborted) throw error
    const judgement = { verdict: 'inconclusive', reason: error.message } as const
    return { which, expected, judgement, wentAs: undefined }
  }
}

/** What a whole suite came to: see {@link hermitageVerdict}. */
export type HermitageVerdict = 'as expected' | 'different' | 'inconclusive'

/** A difference is known whatever else could not be run; all being as expected is not. */
export function hermitageVerdict({ levels, notRun }: HermitageResult): HermitageVerdict {
  const results = levels.flatMap(({ cases }) => cases)
  if (results.some(isDifferent)) return 'different'
  const isIncomplete = results.length === 0 || notRun.length > 0
  return isIncomplete || results.some(isInconclusive) ? 'inconclusive' : 'as expected'
}

export const isInconclusive = ({ judgement }: CaseResult): boolean =>
  judgement.verdict === 'inconclusive'

/** It was judged, and something about it is not as expected. */
export const isDifferent = (result: CaseResult): boolean =>
  result.wentAs === undefined && !isInconclusive(result)
