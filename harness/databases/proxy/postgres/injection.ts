import { BoundedMap } from '../bounded-map.ts'
import type { Expected } from './expected.ts'
import type { Portal, Prepared } from './prepared.ts'

/** What a statement of the harness's own is called, so that none of the client's is replaced by it. */
const name = 'lockstep'

/** Messages that were made before, by what comes last and the text: most texts are sent over and over. */
const known = new BoundedMap<Buffer>(100, 1_000_000, ({ length }) => length)

/**
 * The messages that have a text executed between two requests.
 *
 * A simple query would drop what the client has prepared without a name, and may execute next; outside a
 * transaction block it would also commit what Sync has not. So a single statement is prepared under a name
 * instead. Several in one text can only be a simple query. Only a client that sends a simple query of its own
 * where Sync is due can tell: PostgreSQL 18 then leaves to Sync what that query would have committed.
 *
 * @param isUnsynced whether Sync is the client's to send: then none is sent here
 */
export function injectionOf(
  text: string,
  isUnsynced: boolean,
): { bytes: Buffer; expected: readonly Expected[] } {
  if (text.includes(';')) return { bytes: bytesOf(text, 'Q'), expected: [{ kind: 'query' }] }
  const last = isUnsynced ? 'H' : 'S'
  return { bytes: bytesOf(text, last), expected: expectedOf(text, isUnsynced) }
}

/** Types of what may come last: Query, which is all there is then, or Sync or Flush, which ask for the answers. */
type Last = 'Q' | 'S' | 'H'

function bytesOf(text: string, last: Last): Buffer {
  const key = `${last} ${text}`
  const made = known.get(key)
  if (made) return made
  const bytes = last === 'Q' ? message('Q', string(text)) : extended(text, last)
  known.set(key, bytes)
  return bytes
}

const extended = (text: string, last: Last): Buffer =>
  Buffer.concat([
    message('P', string(name), string(text), int16(0)),
    message('B', string(name), string(name), int16(0), int16(0), int16(0)),
    message('D', Buffer.from('P'), string(name)),
    message('E', string(name), int32(0)),
    message('C', Buffer.from('P'), string(name)),
    message('C', Buffer.from('S'), string(name)),
    message(last),
  ])

function expectedOf(text: string, isUnsynced: boolean): Expected[] {
  const statement: Prepared = { text, types: [], fields: undefined }
  const portal: Portal = { statement, values: [], formats: [], fields: undefined }
  const expected: Expected[] = [
    { kind: 'parse', definition: undefined },
    { kind: 'bind' },
    { kind: 'describe portal', portal },
    { kind: 'execute', portal, text },
    { kind: 'close', definition: undefined },
    { kind: 'close', definition: undefined },
  ]
  if (!isUnsynced) expected.push({ kind: 'sync' })
  return expected
}

function message(type: string, ...body: readonly Buffer[]): Buffer {
  const content = Buffer.concat(body)
  return Buffer.concat([Buffer.from(type), int32(content.length + 4), content])
}

const string = (text: string): Buffer => Buffer.from(`${text}\0`)

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
