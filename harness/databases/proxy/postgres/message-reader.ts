import { WireError } from '../wire.ts'
import { messageType, sentBy, type messageNames, type Side } from './message-names.ts'

/** A whole message, as it came. */
export interface WireMessage<Type extends string> {
  /** Its type byte; the messages that open a connection have none. */
  readonly type: Type | undefined
  readonly bytes: Buffer
}

type TypeOf<From extends Side> = keyof (typeof messageNames)[From] & string
type MessageOf<From extends Side> = WireMessage<TypeOf<From>>

/** Bytes of the length, which counts itself, and not the type byte before it. */
const lengthBytes = 4

/** Bytes before what a message holds. */
export const headerBytes = (isTyped: boolean): number => (isTyped ? 1 + lengthBytes : lengthBytes)

/**
 * What a server takes of a message without a type byte, in bytes: MAX_STARTUP_PACKET_LENGTH in libpq/pqcomm.h.
 */
const openingLimit = 10_000

/** Cuts what one side sends into messages. */
export class MessageReader<From extends Side> {
  readonly #side: From
  readonly #limit: number
  /** The beginning of a message, in as many of these bytes as `#have` says. */
  #begun = Buffer.alloc(0)
  #have = 0
  /** Whether messages begin with a type byte: all but those that open a connection. */
  isTyped: boolean

  /** @param limit of one message, in bytes */
  constructor(side: From, limit: number, isTyped: boolean) {
    this.#side = side
    this.#limit = limit
    this.isTyped = isTyped
  }

  /** What has arrived of a message that is not whole. */
  get begun(): Buffer {
    return this.#begun.subarray(0, this.#have)
  }

  /**
   * Gives the messages that are whole with this chunk to `take`, one after the other. `isTyped` may change
   * between any two of them.
   *
   * @throws {WireError} when one is none, as soon as its length has come
   */
  read(chunk: Buffer, take: (message: MessageOf<From>) => void): void {
    let at = 0
    while (at < chunk.length) {
      const whole = this.#have === 0 ? this.#wholeLength(chunk, at) : undefined
      if (whole !== undefined && at + whole <= chunk.length) {
        const bytes = chunk.subarray(at, at + whole)
        at += whole
        take(this.#message(bytes))
      } else {
        at += this.#keep(chunk.subarray(at))
        const bytes = this.#takeWhole()
        if (bytes) take(this.#message(bytes))
      }
    }
  }

  #message(bytes: Buffer): MessageOf<From> {
    return { type: this.isTyped ? this.#typeOf(bytes[0] ?? 0) : undefined, bytes }
  }

  #typeOf(byte: number): TypeOf<From> {
    const type = messageType(this.#side, byte)
    if (type !== undefined) return type as TypeOf<From>
    const hex = byte.toString(16).padStart(2, '0')
    throw new WireError(`The ${this.#side} sent a message of the unknown type 0x${hex}.`)
  }

  /** Of the message that begins there, if that can be told yet. */
  #wholeLength(bytes: Buffer, at: number): number | undefined {
    const header = headerBytes(this.isTyped)
    if (bytes.length - at < header) return undefined
    const first = bytes[at] ?? 0
    if (this.isTyped) this.#typeOf(first)
    const length = bytes.readUInt32BE(at + header - lengthBytes)
    this.#check(first, length)
    return header - lengthBytes + length
  }

  #check(first: number, length: number): void {
    const limit = this.isTyped ? this.#limit : Math.min(this.#limit, openingLimit)
    if (length >= lengthBytes && length <= limit) return
    if (!this.isTyped && first === tlsHandshake) throw new WireError(tlsAtOnce)
    const what = this.isTyped
      ? sentBy(this.#side, this.#typeOf(first))
      : `The ${this.#side} sent a first message that opens no connection`
    throw new WireError(
      length < lengthBytes
        ? `${what} with a length of ${length}, which is less than that of the length itself.`
        : `${what} with a length of ${length} bytes, and the limit is ${limit}.`,
    )
  }

  /** Keeps what belongs to the message that is not whole, and says how many bytes that are. */
  #keep(bytes: Buffer): number {
    const wanted = this.#wholeLength(this.begun, 0) ?? headerBytes(this.isTyped)
    const taken = Math.min(wanted - this.#have, bytes.length)
    this.#makeRoom(this.#have + taken)
    bytes.copy(this.#begun, this.#have, 0, taken)
    this.#have += taken
    return taken
  }

  /** Room is doubled, so that a message in many small chunks is not copied for each of them. */
  #makeRoom(bytes: number): void {
    if (bytes <= this.#begun.length) return
    const roomier = Buffer.alloc(Math.max(bytes, 2 * this.#begun.length))
    this.begun.copy(roomier)
    this.#begun = roomier
  }

  #takeWhole(): Buffer | undefined {
    if (this.#wholeLength(this.begun, 0) !== this.#have) return undefined
    const bytes = this.begun
    this.#begun = Buffer.alloc(0)
    this.#have = 0
    return bytes
  }
}

/** How a TLS record of a handshake begins. */
const tlsHandshake = 0x16
const tlsAtOnce =
  'The client begins with TLS without asking (sslnegotiation=direct), and Lockstep speaks none: connect with sslmode=disable.'
