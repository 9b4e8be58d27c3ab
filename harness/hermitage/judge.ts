import { hasCommitted, haveWaited, refusals, type CaseRun } from './case-run.ts'
import type { IsolationCase } from './isolation-case.ts'
import { showValues } from './script.ts'
import { serialOrder } from './serial-order.ts'

/**
 * What prevented an anomaly: that a step waited, that a transaction read versions which were committed
 * before, or that one was refused, with the engine's own code.
 */
export type Prevention = 'waits' | 'snapshot' | `error ${string}`

/** What a run shows. Nothing in it comes from what was expected. */
export type Judgement =
  | { readonly verdict: 'seen' }
  | { readonly verdict: 'prevented'; readonly by: Prevention }
  /** It cannot be said. Never the same as prevented. */
  | { readonly verdict: 'inconclusive'; readonly reason: string }

/** Decides from what was observed whether a run of a case shows its anomaly. */
export function judgeCase(which: IsolationCase, run: CaseRun): Judgement {
  const strange = refusals(run).find(({ error }) => !isConflict(error.errorClass))
  if (strange) {
    const { code, message } = strange.error
    return inconclusive(
      `${strange.step.label} failed with ${code} (${message}), which is no conflict between transactions.`,
    )
  }
  const [refused] = refusals(run)
  const missing = which.committed.filter((session) => !hasCommitted(run, session))
  if (missing.length > 0) {
    // The anomalies are about committed transactions.
    if (refused) return prevented(`error ${refused.error.code}`)
    return inconclusive(`T${missing[0]} did not commit, and no error says why.`)
  }
  const isSeen = which.isSeen(run)
  if (isSeen === undefined) return unknownValues(run)
  if (isSeen) return checked(run)
  if (refused) return prevented(`error ${refused.error.code}`)
  return prevented(haveWaited(run, which.decidedBy) ? 'waits' : 'snapshot')
}

function unknownValues(run: CaseRun): Judgement {
  const reads = run.steps.flatMap(({ outcome }) =>
    outcome.kind === 'rows' ? [showValues(outcome.rows)] : [],
  )
  return inconclusive(
    `What was read, or left in the end, is nothing that the script writes: reads ${reads.join(', ')}; in the end ${showValues(run.final)}.`,
  )
}

/** Two opinions have to agree before an anomaly counts as seen. */
function checked(run: CaseRun): Judgement {
  const order = serialOrder(run)
  if (!order) return { verdict: 'seen' }
  return inconclusive(
    `What was seen would be the anomaly, but could come of ${order.map((each) => `T${each}`).join(', ')} one after the other.`,
  )
}

const isConflict = (errorClass: string): boolean =>
  errorClass === 'deadlock' || errorClass === 'serialization failure'

const prevented = (by: Prevention): Judgement => ({ verdict: 'prevented', by })

const inconclusive = (reason: string): Judgement => ({ verdict: 'inconclusive', reason })
