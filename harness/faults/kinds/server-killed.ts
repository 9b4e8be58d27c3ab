import type { FaultType } from '../fault.ts'
import { isStatement } from '../target.ts'

/**
 * The machine that the server runs on stops, or the system kills the server for want of memory, and it
 * comes back. What was in the middle of a transaction is undone, and everybody is disconnected. What was
 * committed is there, as far as the server, and whoever has set it up, have seen to that.
 * Source: PostgreSQL manual, 28.1 "Reliability"; MySQL manual, 17.14 "InnoDB Startup Options and System
 * Variables", innodb_flush_log_at_trx_commit.
 */
export const serverKilled: FaultType = {
  name: 'server-killed',
  title: 'the server is killed, and comes back',
  summary:
    'The server is killed between two statements and starts again on its data: every connection is lost.',
  moment: 'before',
  ends: 'server',
  canStrike: isStatement,
  strike: ({ lane }) => lane.crash(),
}
