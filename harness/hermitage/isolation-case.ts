import type { IsolationLevel } from '../databases/isolation.ts'
import type { Anomaly } from './anomaly.ts'
import type { CaseRun } from './case-run.ts'
import type { Course } from './course.ts'
import type { Platform } from './platform.ts'
import type { Action, ScriptStep, SessionNumber } from './script.ts'

/** One script of the suite: what to run, how to tell whether it shows its anomaly, what to expect. */
export interface IsolationCase {
  readonly name: string
  readonly anomaly: Anomaly
  readonly summary: string
  /** Whether the transaction that suffers also writes: some levels protect those that only read. */
  readonly victim: 'reads' | 'writes'
  readonly script: readonly ScriptStep[]
  /** The transactions that have to commit for the anomaly to have happened. */
  readonly committed: readonly SessionNumber[]
  /** The steps whose waiting would have prevented it. */
  readonly decidedBy: readonly Action['kind'][]
  /**
   * Whether a run in which those transactions have committed shows the anomaly; undefined when its
   * values are none that the script could have written.
   */
  isSeen(run: CaseRun): boolean | undefined
  readonly expected: Readonly<Record<Platform, Readonly<Record<IsolationLevel, Course>>>>
}
