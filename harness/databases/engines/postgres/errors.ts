import pg from 'pg'
import { DatabaseError, type ErrorClass } from '../../database-error.ts'

/**
 * SQLSTATE to error class.
 * Source: PostgreSQL manual, appendix A, "PostgreSQL Error Codes".
 */
const classes: Readonly<Record<string, ErrorClass>> = {
  '23505': 'unique violation',
  '23514': 'check violation',
  '40P01': 'deadlock',
  '40001': 'serialization failure',
  '55P03': 'lock timeout',
  '57014': 'statement timeout', // query_canceled: by statement_timeout, or as somebody asked for it
  '57P01': 'connection lost', // admin_shutdown: this session was terminated
  '57P02': 'connection lost', // crash_shutdown: another session crashed the server
  '57P03': 'connection lost', // cannot_connect_now
}

export function classify(error: Error): DatabaseError {
  if (!(error instanceof pg.DatabaseError)) {
    return new DatabaseError('connection lost', 'none', error.message)
  }
  return fromServer(error.code ?? 'none', error.message)
}

/** @param code SQLSTATE */
export function fromServer(code: string, message: string): DatabaseError {
  const errorClass = code.startsWith('08') ? 'connection lost' : (classes[code] ?? 'other')
  return new DatabaseError(errorClass, code, message)
}
