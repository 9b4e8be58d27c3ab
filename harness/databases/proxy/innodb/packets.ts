import { WireError } from '../wire.ts'

/**
 * Messages and the packets they are sent in.
 * Source: MySQL Internals Manual, "MySQL Packets": three bytes of length, a number in sequence, and the
 * payload. A payload of 16 MiB - 1 or more goes on in the next packet, down to an empty one.
 */
const headerBytes = 4
const largestPayload = 0xff_ff_ff

export type Side = 'client' | 'server'

/** One message, in however many packets it came. */
export interface Message {
  /** The number of its first packet. */
  readonly sequence: number
  /** The number that the next packet has, whoever sends it. */
  readonly next: number
  readonly payload: Buffer
  /** As it came. */
  readonly bytes: readonly Buffer[]
}

const after = (sequence: number): number => (sequence + 1) % 256

/** Puts the messages of one side together from chunks. */
export class MessageReader {
  readonly #side: Side
  readonly #limit: number
  /** What came and is no whole packet yet. */
  #chunks: Buffer[] = []
  #size = 0
  /** Bytes it takes until there is something to read: a header, or a packet. */
  #needed = headerBytes
  /** Packets of a message that goes on. */
  #packets: Buffer[] = []
  #payloadBytes = 0

  /** @param limit of a message, in bytes */
  constructor(side: Side, limit: number) {
    this.#side = side
    this.#limit = limit
  }

  /** What has come of a message that is not whole. */
  get held(): readonly Buffer[] {
    return [...this.#packets, ...this.#chunks]
  }

  /** @throws {WireError} when a message is too large, or its packets are not in sequence */
  read(chunk: Buffer): Message[] {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const messages: Message[] = []
    // Only what is enough is put together: a large packet comes in hundreds of chunks.
    while (this.#size >= this.#needed) {
      const bytes = joined(this.#chunks)
      this.#chunks = [bytes]
      const length = bytes.readUIntLE(0, 3)
      if (this.#payloadBytes + length > this.#limit) throw this.#tooLarge()
      this.#needed = headerBytes + length
      if (bytes.length < this.#needed) break
      const message = this.#add(bytes.subarray(0, this.#needed))
      if (message) messages.push(message)
      this.#keep(bytes.subarray(this.#needed))
    }
    return messages
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#size = rest.length
    this.#needed = headerBytes
  }

  #add(packet: Buffer): Message | undefined {
    const previous = this.#packets.at(-1)
    if (previous && sequenceOf(packet) !== after(sequenceOf(previous))) {
      throw new WireError(
        `The ${this.#side} sent packet ${sequenceOf(packet)} of a message after packet ${sequenceOf(previous)}.`,
      )
    }
    this.#packets.push(packet)
    this.#payloadBytes += packet.length - headerBytes
    if (packet.length - headerBytes === largestPayload) return undefined
    const bytes = this.#packets
    this.#packets = []
    this.#payloadBytes = 0
    return messageOf(bytes, packet)
  }

  #tooLarge(): WireError {
    return new WireError(
      `The ${this.#side} sent a message of more than ${this.#limit} bytes, which is the limit here.`,
    )
  }
}

/** A copy only where there is more than one. */
export function joined(pieces: readonly Buffer[]): Buffer {
  const [first, second] = pieces
  return first && !second ? first : Buffer.concat(pieces)
}

const sequenceOf = (packet: Buffer): number => packet.readUInt8(3)

function messageOf(bytes: readonly Buffer[], last: Buffer): Message {
  const [first = last] = bytes
  const payload = joined(bytes.map((packet) => packet.subarray(headerBytes)))
  return { sequence: sequenceOf(first), next: after(sequenceOf(last)), payload, bytes }
}

/** A packet with a payload of less than 16 MiB - 1. */
export function packetOf(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUIntLE(payload.length, 0, 3)
  header.writeUInt8(sequence, 3)
  return Buffer.concat([header, payload])
}

/** @throws {WireError} when the message has not the number that is due */
export function checkSequence(side: Side, { sequence }: Message, due: number): void {
  if (sequence === due) return
  throw new WireError(`The ${side} sent packet ${sequence} where packet ${due} was due.`)
}
