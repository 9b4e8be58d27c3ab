import { DatabaseError, type ErrorClass } from '../../database-error.ts'

/** Error numbers and what they mean on every engine. */
export type ErrorClasses = Readonly<Record<number, ErrorClass>>

/**
 * What MySQL and MariaDB call the same.
 * Source: MySQL Error Message Reference, "Server Error Message Reference".
 */
export const commonClasses: ErrorClasses = {
  1040: 'connection lost', // ER_CON_COUNT_ERROR
  1053: 'connection lost', // ER_SERVER_SHUTDOWN
  1062: 'unique violation', // ER_DUP_ENTRY
  1205: 'lock timeout', // ER_LOCK_WAIT_TIMEOUT
  1213: 'deadlock', // ER_LOCK_DEADLOCK
  1317: 'statement timeout', // ER_QUERY_INTERRUPTED: KILL QUERY
  1586: 'unique violation', // ER_DUP_ENTRY_WITH_KEY_NAME
}

interface ServerError extends Error {
  readonly errno?: number
  readonly code?: string
  /** Set by the driver when the connection cannot be used any more. */
  readonly fatal?: boolean
}

/** What the driver reported, with the class it has on every engine. */
export function classify(error: ServerError, classes: ErrorClasses): DatabaseError {
  const { errno, message } = error
  // What the system says of a socket has a negative number; what the driver says has none.
  if (errno === undefined || errno <= 0)
    return new DatabaseError('connection lost', 'none', message)
  return fromServer(errno, message, classes, error.fatal ? 'connection lost' : 'other')
}

/** @param number the engine's own */
export function fromServer(
  number: number,
  message: string,
  classes: ErrorClasses,
  otherwise: ErrorClass = 'other',
): DatabaseError {
  return new DatabaseError(classes[number] ?? otherwise, String(number), message)
}

/** Errors after which the statement is undone and the transaction goes on as it was. */
export const statementOnly: ReadonlySet<ErrorClass> = new Set<ErrorClass>([
  'unique violation',
  'check violation',
])
