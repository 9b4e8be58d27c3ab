import { commonClasses, type ErrorClasses } from '../innodb/errors.ts'

/** Source: MySQL Error Message Reference, "Server Error Message Reference". */
export const classes: ErrorClasses = {
  ...commonClasses,
  3024: 'statement timeout', // ER_QUERY_TIMEOUT: max_execution_time
  3058: 'deadlock', // ER_USER_LOCK_DEADLOCK
  3572: 'lock timeout', // ER_LOCK_NOWAIT
  3819: 'check violation', // ER_CHECK_CONSTRAINT_VIOLATED
  4031: 'connection lost', // ER_CLIENT_INTERACTION_TIMEOUT
}
