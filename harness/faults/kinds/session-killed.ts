import type { FaultType } from '../fault.ts'
import { isStatement } from '../target.ts'

/**
 * Whoever administers the server ends a session, or its own limit on idle ones does.
 * Source: PostgreSQL manual, 9.28.2 "Server Signaling Functions", pg_terminate_backend; MySQL manual,
 * 15.7.8.4 "KILL Statement".
 */
export const sessionKilled: FaultType = {
  name: 'session-killed',
  title: 'the server ends the session',
  summary: 'The server ends the session between two statements: the next one fails.',
  moment: 'before',
  ends: 'session',
  canStrike: isStatement,
  strike: ({ lane, session }) => lane.kill(session),
}
