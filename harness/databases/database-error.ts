/** What went wrong, in words that mean the same on every engine. */
export const errorClasses = [
  'unique violation',
  'check violation',
  'deadlock',
  'serialization failure',
  'lock timeout',
  'statement timeout',
  'connection lost',
  'other',
] as const

/** What kind of refusal it was: the same word on every engine, whatever its own code. */
export type ErrorClass = (typeof errorClasses)[number]

/**
 * The database refused a statement. This is what a strategy sees and may catch; it is part of the
 * run, not a fault of it.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  /** The same for every engine, so that strategies stay portable. */
  readonly errorClass: ErrorClass
  /** The engine's own code: SQLSTATE on PostgreSQL, the error number on MySQL and MariaDB. */
  readonly code: string

  constructor(errorClass: ErrorClass, code: string, message: string) {
    super(message)
    this.errorClass = errorClass
    this.code = code
  }
}

/** Whether `thrown` is a refusal of the given class. */
export function isDatabaseError(thrown: unknown, errorClass?: ErrorClass): thrown is DatabaseError {
  return (
    thrown instanceof DatabaseError &&
    (errorClass === undefined || thrown.errorClass === errorClass)
  )
}
