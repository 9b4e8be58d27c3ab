import { WireError } from '../wire.ts'
import type { MessageBody } from './message-body.ts'

/**
 * What a client may begin with, by the number that stands where others have the version.
 * Source: PostgreSQL manual, 54.7 "Message Formats": SSLRequest, GSSENCRequest and CancelRequest.
 */
const purposes: ReadonlyMap<number, 'encryption' | 'cancel'> = new Map([
  [80877102, 'cancel'],
  [80877103, 'encryption'],
  [80877104, 'encryption'],
])

/** What the client wants, from the first message or the one after its wish for encryption was refused. */
export function readOpening(body: MessageBody): 'encryption' | 'cancel' | 'startup' {
  const number = body.uint32()
  const purpose = purposes.get(number)
  if (purpose) {
    if (purpose === 'encryption') body.end()
    return purpose
  }
  const major = number >>> 16
  if (major === 3) return 'startup'
  throw new WireError(
    `The client asked for version ${major}.${number & 0xffff} of the protocol, and Lockstep knows version 3 only.`,
  )
}
