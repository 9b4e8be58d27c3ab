import type { FaultType } from '../fault.ts'
import { mayCommit } from '../target.ts'

/** The other half of what a client cannot tell apart: see `answer-lost`. */
export const requestLost: FaultType = {
  name: 'request-lost',
  title: 'the connection breaks before it arrives',
  summary: 'The connection breaks on the way of a statement that commits: it was not done.',
  moment: 'before',
  ends: 'session',
  canStrike: mayCommit,
  strike: ({ lane, session }) => lane.cutOff(session),
}
