import type { FaultType } from '../fault.ts'
import { mayCommit } from '../target.ts'

/**
 * The server has committed, and the client never hears of it: the answer is at its end of the connection
 * when that breaks. For a client that is the same as `request-lost`.
 * Source: Gray and Reuter, "Transaction Processing: Concepts and Techniques", 1992, on testable
 * transactions; PostgreSQL manual, 34.1 "Database Connection Control Functions", says nothing of it.
 */
export const answerLost: FaultType = {
  name: 'answer-lost',
  title: 'the connection breaks before its answer',
  summary: 'The connection breaks before the answer to a statement that commits: it was done.',
  moment: 'during',
  endsWaits: false,
  canStrike: mayCommit,
  arm: ({ session }) => Promise.resolve(session.loseNextAnswer()),
  disarm: () => Promise.resolve(),
  hasStruck: (outcome) => !outcome.ok && outcome.wasDone !== undefined,
}
