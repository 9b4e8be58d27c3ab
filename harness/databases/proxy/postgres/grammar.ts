import type { Expected } from './expected.ts'
import type { ServerType } from './message-names.ts'

/** How far the server is with its answer to one message of the client's. */
export class Progress {
  /** RowDescription has come for the rows that may follow; to Describe, ParameterDescription. */
  isDescribed = false
  /** A statement was completed, or an error has come. */
  isAnswered = false
  /** Rows of a COPY are on their way to the client. */
  isCopyingOut = false
  /** Rows that have come of the statement under way. */
  rows = 0

  /** A statement was completed, and what comes is the answer to another one. */
  completed(): void {
    this.isDescribed = false
    this.isAnswered = true
    this.isCopyingOut = false
    this.rows = 0
  }
}

/** The type bytes that may come in an answer, and those that may end it. Errors apart. */
interface Rule {
  readonly within: string
  readonly last: string
}

/** Source: PostgreSQL manual, 54.2 "Message Flow". */
const rules: Readonly<Record<Expected['kind'], Rule>> = {
  startup: { within: 'RKv', last: 'Z' },
  query: { within: 'TDCIGHdc', last: 'Z' },
  'function call': { within: 'V', last: 'Z' },
  parse: { within: '', last: '1' },
  bind: { within: '', last: '2' },
  'describe statement': { within: 't', last: 'Tn' },
  'describe portal': { within: '', last: 'Tn' },
  execute: { within: 'DGHdc', last: 'CIs' },
  close: { within: '', last: '3' },
  sync: { within: '', last: 'Z' },
  'end of copy': { within: '', last: '' },
  farewell: { within: '', last: '' },
}

/** What a message is in the answer to another: nothing if it has no place there. */
export function placeOf(
  kind: Expected['kind'],
  type: ServerType,
  progress: Progress,
): 'within' | 'last' | undefined {
  if (isOutOfPlace(kind, type, progress)) return undefined
  const { within, last } = rules[kind]
  if (last.includes(type)) return 'last'
  return within.includes(type) ? 'within' : undefined
}

function isOutOfPlace(
  kind: Expected['kind'],
  type: ServerType,
  { isDescribed, isAnswered, isCopyingOut }: Progress,
): boolean {
  if (type === 'D') return kind === 'query' && !isDescribed
  if (type === 'd' || type === 'c') return !isCopyingOut
  if (type === 't') return isDescribed
  if (type === 'T' || type === 'n') return kind === 'describe statement' && !isDescribed
  return type === 'Z' && (kind === 'query' || kind === 'function call') && !isAnswered
}
