import type { FaultType } from '../fault.ts'
import { isStatement } from '../target.ts'

/**
 * A statement waits for a lock longer than its session's setting allows. The transaction it is in has
 * failed then on PostgreSQL; in InnoDB it goes on without that statement.
 * Source: PostgreSQL manual, 19.11 "Client Connection Defaults", lock_timeout; MySQL manual, 17.14 "InnoDB
 * Startup Options and System Variables", innodb_lock_wait_timeout and innodb_rollback_on_timeout.
 */
export const lockTimeout: FaultType = {
  name: 'lock-timeout',
  title: 'the wait for a lock takes too long',
  summary: 'A statement that waits for a lock gives up, by the setting of its engine.',
  moment: 'during',
  endsWaits: true,
  canStrike: isStatement,
  arm: ({ session }) => session.limitLockWaits(true),
  disarm: ({ session }) => session.limitLockWaits(false),
  hasStruck: (outcome) => !outcome.ok && outcome.error.errorClass === 'lock timeout',
}
