import type { WireRefusal } from '../wire.ts'
import type { MessageBody } from './message-body.ts'

/** An error or a notice. */
export interface Report extends WireRefusal {
  /** Whether the server ends the session with it. */
  readonly isFatal: boolean
}

const fatal: ReadonlySet<string | undefined> = new Set(['FATAL', 'PANIC'])

/** Source: PostgreSQL manual, 54.8 "Error and Notice Message Fields". */
export function readReport(body: MessageBody): Report {
  const fields = new Map<string, string>()
  for (let field = body.int8(); field !== 0; field = body.int8()) {
    fields.set(String.fromCharCode(field), body.string())
  }
  body.end()
  return {
    code: fields.get('C') ?? 'none',
    message: fields.get('M') ?? '',
    isFatal: fatal.has(fields.get('V')) || fatal.has(fields.get('S')),
  }
}
