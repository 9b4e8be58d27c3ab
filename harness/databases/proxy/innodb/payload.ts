import { WireError } from '../wire.ts'

/** In the place of a length: there is no value. */
const absent = 0xfb
/** A length of two, three or eight bytes follows. */
const twoBytes = 0xfc
const threeBytes = 0xfd
const eightBytes = 0xfe

/**
 * Reads along in what one packet carries. Nothing is ever read beyond its end.
 * Source: MySQL Internals Manual, "Protocol Basics", data types: integers, the least byte first, and
 * strings with their lengths before them.
 */
export class PayloadReader {
  readonly #payload: Buffer
  readonly #what: string
  #offset: number

  /** @param what the packet is, for errors: `The server's column definition` */
  constructor(payload: Buffer, what: string, offset = 0) {
    this.#payload = payload
    this.#what = what
    this.#offset = offset
  }

  /** Bytes that have not been read. */
  get left(): number {
    return this.#payload.length - this.#offset
  }

  /** @throws {WireError} when there are fewer */
  bytes(count: number): Buffer {
    if (count > this.left) throw this.error('ends too early')
    const from = this.#offset
    this.#offset += count
    return this.#payload.subarray(from, this.#offset)
  }

  skip(count: number): void {
    this.bytes(count)
  }

  rest(): Buffer {
    return this.bytes(this.left)
  }

  /** @param size in bytes: up to 6 */
  unsigned(size: number): number {
    return this.bytes(size).readUIntLE(0, size)
  }

  /** @param size in bytes: up to 6 */
  signed(size: number): number {
    return this.bytes(size).readIntLE(0, size)
  }

  unsigned64(): bigint {
    return this.bytes(8).readBigUInt64LE()
  }

  signed64(): bigint {
    return this.bytes(8).readBigInt64LE()
  }

  float(): number {
    return this.bytes(4).readFloatLE()
  }

  double(): number {
    return this.bytes(8).readDoubleLE()
  }

  /** A number that begins with how long it is, or null in its place. */
  lengthEncodedOrNull(): number | null {
    const first = this.unsigned(1)
    if (first < absent) return first
    if (first === absent) return null
    if (first === twoBytes) return this.unsigned(2)
    if (first === threeBytes) return this.unsigned(3)
    if (first === eightBytes) return Number(this.unsigned64())
    throw this.error('has a length that begins with 255')
  }

  lengthEncoded(): number {
    const value = this.lengthEncodedOrNull()
    if (value === null) throw this.error('has no length where there must be one')
    return value
  }

  /** Bytes with their number before them, or null in their place. */
  stringOrNull(): Buffer | null {
    const length = this.lengthEncodedOrNull()
    return length === null ? null : this.bytes(length)
  }

  string(): Buffer {
    return this.bytes(this.lengthEncoded())
  }

  /** Bytes up to the next one that is zero. */
  terminated(): Buffer {
    const end = this.#payload.indexOf(0, this.#offset)
    if (end < 0) throw this.error('has a text without an end')
    const text = this.bytes(end - this.#offset)
    this.skip(1)
    return text
  }

  /** @throws {WireError} when something has not been read */
  end(): void {
    if (this.left > 0) throw this.error(`has ${this.left} bytes too many`)
  }

  error(wrong: string): WireError {
    return new WireError(`${this.#what} ${wrong}.`)
  }
}
