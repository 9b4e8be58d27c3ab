import type { FaultType } from '../fault.ts'
import { isStatement } from '../target.ts'

/**
 * The server cancels a statement that waits, as it does when that takes too long. It is asked to: to
 * cancel by the clock would leave to chance what comes first.
 * Source: PostgreSQL manual, 9.28.2 "Server Signaling Functions", pg_cancel_backend; MySQL manual,
 * 15.7.8.4 "KILL Statement", KILL QUERY.
 */
export const statementTimeout: FaultType = {
  name: 'statement-timeout',
  title: 'the server cancels the statement',
  summary: 'The server cancels a statement that waits for a lock.',
  moment: 'waiting',
  canStrike: isStatement,
  strike: ({ lane, session }) => lane.cancel(session),
}
