import { commonClasses, type ErrorClasses } from '../innodb/errors.ts'

/** Source: MariaDB manual, "MariaDB Error Codes". */
export const classes: ErrorClasses = {
  ...commonClasses,
  1020: 'serialization failure', // ER_CHECKREAD, with innodb_snapshot_isolation
  1927: 'connection lost', // ER_CONNECTION_KILLED
  1969: 'statement timeout', // ER_STATEMENT_TIMEOUT: max_statement_time
  4025: 'check violation', // ER_CONSTRAINT_FAILED
}
