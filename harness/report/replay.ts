import { contextSwitches } from '../counterexample/minimise.ts'
import type { Recording } from '../counterexample/token.ts'
import { isolationOf } from '../databases/isolation.ts'
import type { FaultKind } from '../errors.ts'
import type { Violation } from '../invariant.ts'
import type { RunRecord } from '../run.ts'
import type { Explored } from '../verdict.ts'
import type { AnyWorkload } from '../workload.ts'
import { indent } from './layout.ts'
import { count } from '../words.ts'
import { heading, renderState } from './text.ts'
import { renderTimeline } from './timeline.ts'

/** What a replay came to. */
export type Replayed = Omit<Recording, 'trace' | 'engine'> &
  Pick<Explored, 'database'> &
  (
    | {
        readonly verdict: 'violated' | 'holds'
        readonly record: RunRecord
        readonly violations: readonly Violation[]
      }
    | {
        readonly verdict: 'inconclusive'
        readonly reason: string
        readonly fault: FaultKind
      }
  )

/** A replay for people. */
export function renderReplay(workload: AnyWorkload, replayed: Replayed): string {
  if (replayed.verdict === 'inconclusive') {
    return [heading(replayed, 'inconclusive'), indent(replayed.reason, 2)].join('\n')
  }
  const { plan, record, violations, invariant } = replayed
  const found = violations.map((each) => indent(`${each.invariant}: ${each.message}`, 2))
  const gone = indent(`${invariant} was not broken this time.`, 2)
  const switches = count(contextSwitches(record.history), 'context switch', 'context switches')
  return [
    heading(replayed, replayed.verdict),
    ...(replayed.verdict === 'violated' ? found : [gone, ...found]),
    '',
    `${count(plan.actors.length, 'actor')}, ${count(record.steps, 'step')}, ${switches}`,
    '',
    renderState('Before', plan.initial),
    '',
    renderTimeline(workload, plan, record.history),
    '',
    renderState('After', record.observation.final),
  ].join('\n')
}

/** A replay for programs. */
export function replayToJson(replayed: Replayed): object {
  const { verdict, workload, strategy, database } = replayed
  const { grain, invariant, plan } = replayed
  const where = {
    verdict,
    workload,
    strategy,
    database,
    ...isolationOf(replayed),
    grain,
    invariant,
  }
  if (replayed.verdict === 'inconclusive') {
    return { ...where, reason: replayed.reason, fault: replayed.fault }
  }
  const { record, violations } = replayed
  const { committed, final } = record.observation
  return {
    ...where,
    violations,
    steps: record.steps,
    plan,
    history: record.history,
    committed,
    final,
  }
}
