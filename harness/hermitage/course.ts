import { refusals, type CaseRun } from './case-run.ts'
import type { Judgement, Prevention } from './judge.ts'
import type { Values } from './script.ts'
import { sameValues } from './serial-order.ts'
import type { RecordedError } from '../history.ts'

/** What shows of a case on its way, from outside. */
export interface Observed {
  /** The steps that waited, by their labels. */
  readonly waits: readonly string[]
  /** The steps that were refused, by their labels, with the error: see `errorName`. */
  readonly errors: Readonly<Record<string, string>>
  /** What the reads returned, in the order of the script; 'none' for one that was refused or not run. */
  readonly reads: readonly (Values | 'none')[]
  /** The committed rows in the end. */
  readonly final: Values
}

/** How a case is expected to go: what comes of it, and what shows on the way. */
export type Course = Observed & {
  readonly judgement: Exclude<Judgement, { readonly verdict: 'inconclusive' }>
  readonly earlier?: Earlier
}

/** How a case goes, with the same verdict, in versions before a change of the engine's. */
export interface Earlier {
  readonly course: Course
  /** What has changed. */
  readonly why: string
}

type Expected = Pick<Observed, 'reads' | 'final'> & Partial<Observed>

export const seen = (expected: Expected): Course => ({
  waits: [],
  errors: {},
  ...expected,
  judgement: { verdict: 'seen' },
})

export const prevented = (by: Prevention, expected: Expected, earlier?: Earlier): Course => ({
  waits: [],
  errors: {},
  ...expected,
  judgement: { verdict: 'prevented', by },
  ...(earlier && { earlier }),
})

export const observe = (run: CaseRun): Observed => ({
  waits: run.steps.filter(({ waited }) => waited).map(({ label }) => label),
  errors: Object.fromEntries(
    refusals(run).map(({ step, error }) => [step.label, errorName(error)]),
  ),
  reads: run.steps
    .filter(({ action }) => action.kind === 'read')
    .map(({ outcome }) => (outcome.kind === 'rows' ? outcome.rows : 'none')),
  final: run.final,
})

/**
 * The engine's code, and for PostgreSQL's serialization failures which of the two it is: `40001w` for a
 * concurrent write, `40001s` for reads and writes that fit no serial order.
 */
export function errorName({ code, message }: RecordedError): string {
  if (code !== '40001') return code
  if (/concurrent (update|delete)/.test(message)) return '40001w'
  return message.includes('read/write dependencies') ? '40001s' : code
}

/** Whether a run went as expected, or as it does in earlier versions. */
export function wentAs(
  expected: Course,
  judgement: Judgement,
  observed: Observed,
): 'expected' | 'earlier versions' | undefined {
  if (isSame(expected, judgement, observed)) return 'expected'
  const { earlier } = expected
  return earlier && isSame(earlier.course, judgement, observed) ? 'earlier versions' : undefined
}

const isSame = (expected: Course, judgement: Judgement, observed: Observed): boolean =>
  sameJudgement(expected.judgement, judgement) &&
  expected.waits.join() === observed.waits.join() &&
  sameErrors(expected.errors, observed.errors) &&
  expected.reads.length === observed.reads.length &&
  expected.reads.every((each, index) => sameRead(each, observed.reads[index] ?? 'none')) &&
  sameValues(expected.final, observed.final)

function sameJudgement(one: Judgement, other: Judgement): boolean {
  if (one.verdict === 'prevented' && other.verdict === 'prevented') return one.by === other.by
  return one.verdict === other.verdict
}

function sameErrors(expected: Observed['errors'], observed: Observed['errors']): boolean {
  const labels = Object.keys(expected)
  return (
    labels.length === Object.keys(observed).length &&
    labels.every((label) => isSameError(expected[label] ?? '', observed[label] ?? ''))
  )
}

/** A server may speak another language. Then its code has to do. */
const isSameError = (expected: string, observed: string): boolean =>
  expected === observed || (observed === '40001' && expected.startsWith(observed))

const sameRead = (one: Values | 'none', other: Values | 'none'): boolean =>
  one === 'none' || other === 'none' ? one === other : sameValues(one, other)
