import { WireError } from '../wire.ts'
import { agree, checkAsked, has, isMysql, withheld, type Capabilities } from './capabilities.ts'
import type { Message } from './packets.ts'
import { PayloadReader } from './payload.ts'

/** What the server says first. */
export interface Greeting {
  /** Its number for the session. */
  readonly id: number
  /** What it offered. */
  readonly offers: Capabilities
  readonly status: number
  /** What the client is told: the same, but for what is withheld. */
  readonly bytes: readonly Buffer[]
}

const protocolVersion = 10

/**
 * Source: MySQL Internals Manual, "Protocol::HandshakeV10"; MariaDB manual, "Connection", initial
 * handshake packet.
 */
export function readGreeting({ payload, bytes }: Message): Greeting {
  const reader = new PayloadReader(payload, "The server's greeting")
  const version = reader.unsigned(1)
  if (version !== protocolVersion) throw reader.error(`is of protocol ${version}, not 10`)
  reader.terminated() // the server's version
  const id = reader.unsigned(4)
  reader.skip(9) // a part of what the password is mixed with, and a zero
  const low = payload.length - reader.left
  reader.skip(3) // flags, and the character set
  const status = reader.unsigned(2)
  const high = payload.length - reader.left
  reader.skip(9) // flags, the length of what the password is mixed with, and what MySQL reserves
  const mariadb = payload.length - reader.left
  reader.skip(4)
  // What follows belongs to the authentication.
  const places = { low, high, mariadb }
  return { id, status, offers: offersIn(payload, places), bytes: withhold(bytes, places) }
}

/** Where in the payload the flags are. */
interface Places {
  readonly low: number
  readonly high: number
  readonly mariadb: number
}

function offersIn(payload: Buffer, { low, high, mariadb }: Places): Capabilities {
  const common = payload.readUInt16LE(low) | (payload.readUInt16LE(high) << 16)
  // MySQL has zeros there, but does not say so.
  return { common, mariadb: has(common, isMysql) ? 0 : payload.readInt32LE(mariadb) }
}

/**
 * Nobody can read along in what is encrypted or compressed, so the flags for it are taken out, and the
 * client does not ask for it. These are the only bytes that are ever changed.
 */
function withhold(bytes: readonly Buffer[], { low, high, mariadb }: Places): Buffer[] {
  const changed = Buffer.concat(bytes)
  const payload = changed.subarray(4)
  const { common } = offersIn(payload, { low, high, mariadb })
  payload.writeUInt16LE(common & ~withheld.common & 0xff_ff, low)
  payload.writeUInt16LE((common & ~withheld.common) >>> 16, high)
  if (!has(common, isMysql)) {
    payload.writeInt32LE(payload.readInt32LE(mariadb) & ~withheld.mariadb, mariadb)
  }
  return [changed]
}

/**
 * Reads what the client asks for in its answer to the greeting; the rest of it is between the two.
 * Source: MySQL Internals Manual, "Protocol::HandshakeResponse41", and "Protocol::SSLRequest", which
 * begins like it.
 *
 * @returns what both of them will go by
 */
export function readLogin({ payload }: Message, offers: Capabilities): Capabilities {
  if (payload.length < 4) {
    throw new WireError("The client's answer to the greeting ends too early.")
  }
  // A client that wants something else stops after the flags.
  const common = payload.readInt32LE(0)
  checkAsked(common)
  const reader = new PayloadReader(payload, "The client's answer to the greeting", 4)
  reader.skip(24) // the largest packet, the character set, and what MySQL reserves
  const mariadb = reader.signed(4)
  return agree({ common, mariadb: has(common, isMysql) ? 0 : mariadb }, offers)
}
