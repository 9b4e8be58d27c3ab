import { WireError } from '../wire.ts'
import { sentBy, type ClientType, type ServerType, type Side } from './message-names.ts'
import { headerBytes, type WireMessage } from './message-reader.ts'

/** Reads what a message holds, from its beginning to its end. */
export class MessageBody {
  readonly #side: Side
  readonly #type: string | undefined
  /** The whole message. Numbers are read where they stand: to make a buffer of each would take longer. */
  readonly #bytes: Buffer
  #at: number

  constructor(side: Side, { type, bytes }: WireMessage<ClientType | ServerType>) {
    this.#side = side
    this.#type = type
    this.#bytes = bytes
    this.#at = headerBytes(type !== undefined)
  }

  int8(): number {
    return this.#bytes.readUInt8(this.#pass(1))
  }

  /** A count, a format. */
  int16(): number {
    return this.#bytes.readUInt16BE(this.#pass(2))
  }

  /** A length, where -1 means that there is nothing. */
  int32(): number {
    return this.#bytes.readInt32BE(this.#pass(4))
  }

  /** An object's number. */
  uint32(): number {
    return this.#bytes.readUInt32BE(this.#pass(4))
  }

  /** A text that ends with a zero. */
  string(): string {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end === -1) throw this.#wrong('with a text that does not end')
    const start = this.#at
    this.#at = end + 1
    return start === end ? '' : this.#bytes.toString('utf8', start, end)
  }

  /** Goes on behind so many bytes, which say nothing of interest. */
  skip(count: number): void {
    this.#pass(count)
  }

  /** A value that may be null, after its length. */
  value(): Buffer | null {
    const length = this.int32()
    if (length === -1) return null
    if (length < 0) throw this.#wrong(`with a value of ${length} bytes`)
    const start = this.#pass(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** As many as their number before them says. */
  list<T>(read: () => T): T[] {
    const items: T[] = []
    for (let left = this.int16(); left > 0; left--) items.push(read())
    return items
  }

  /** @throws {WireError} when something is left */
  end(): void {
    const left = this.#bytes.length - this.#at
    if (left > 0) throw this.#wrong(`with ${left} bytes more than belong to it`)
  }

  /** Goes on behind so many bytes, and gives back where they begin. */
  #pass(count: number): number {
    const start = this.#at
    const left = this.#bytes.length - start
    if (count > left) throw this.#wrong(`with ${left} bytes left where ${count} were announced`)
    this.#at = start + count
    return start
  }

  #wrong(what: string): WireError {
    return new WireError(`${sentBy(this.#side, this.#type)} ${what}.`)
  }
}
