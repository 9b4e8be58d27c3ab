import type { RecordedError, History } from '../history.ts'
import {
  labelsOf,
  type Action,
  type ScriptStep,
  type SessionNumber,
  type Values,
} from './script.ts'

/** What became of a step. */
export type Outcome =
  | { readonly kind: 'rows'; readonly rows: Values }
  | { readonly kind: 'done'; readonly affectedRows: number }
  | { readonly kind: 'refused'; readonly error: RecordedError }
  /** A commit of a transaction that had been refused: it was rolled back. */
  | { readonly kind: 'rolled back' }
  /** Its transaction had been refused before it. */
  | { readonly kind: 'not run' }

/** A step of a script, as it went. */
export interface PerformedStep extends ScriptStep {
  /** The step's name in its script: see `labelsOf`. */
  readonly label: string
  /** Whether the server confirmed that it waited for a lock. */
  readonly waited: boolean
  readonly outcome: Outcome
}

/** A script as it went on a database. */
export interface CaseRun {
  /** In the order of the script, which is not always the order in which they were done. */
  readonly steps: readonly PerformedStep[]
  /** The committed rows in the end. */
  readonly final: Values
  /** All that happened, in the order in which it did. */
  readonly history: History
}

/** What T*n* read, in order; undefined where a read was refused or not run. */
export function readsOf(run: CaseRun, session: SessionNumber): readonly (Values | undefined)[] {
  return run.steps
    .filter((step) => step.session === session && step.action.kind === 'read')
    .map(({ outcome }) => (outcome.kind === 'rows' ? outcome.rows : undefined))
}

export const hasCommitted = (run: CaseRun, session: SessionNumber): boolean =>
  run.steps.some(
    (step) =>
      step.session === session && step.action.kind === 'commit' && step.outcome.kind === 'done',
  )

/** The errors of refused steps, with the steps. */
export const refusals = (
  run: CaseRun,
): readonly { readonly step: PerformedStep; readonly error: RecordedError }[] =>
  run.steps.flatMap((step) =>
    step.outcome.kind === 'refused' ? [{ step, error: step.outcome.error }] : [],
  )

/** Whether any step of these kinds waited. */
export const haveWaited = (run: CaseRun, kinds: readonly Action['kind'][]): boolean =>
  run.steps.some(({ action, waited }) => waited && kinds.includes(action.kind))

/** Puts names to what became of each step of a script. */
export const performedSteps = (
  script: readonly ScriptStep[],
  done: readonly Pick<PerformedStep, 'waited' | 'outcome'>[],
): PerformedStep[] =>
  labelsOf(script).map((label, index) => ({
    ...(script[index] as ScriptStep),
    label,
    ...(done[index] ?? { waited: false, outcome: { kind: 'not run' } }),
  }))
