import type { ActorId, History } from '../history.ts'
import type { PlannedFault } from './fault.ts'
import { faultType } from './index.ts'

/** The faults that have struck in a run, each with the number of the step that it has struck. */
export function strikesIn(history: History): PlannedFault[] {
  const taken = new Map<ActorId, number>()
  const strikes: PlannedFault[] = []
  for (const event of history) {
    const { actor } = event
    const number = taken.get(actor) ?? 0
    if (event.kind === 'sent' && event.request.kind !== 'phase') taken.set(actor, number + 1)
    if (event.kind !== 'fault') continue
    const isBefore = faultType(event.fault).moment === 'before'
    strikes.push({ actor, step: isBefore ? number : number - 1, kind: event.fault })
  }
  return strikes
}
