import { WireError } from '../wire.ts'
import { sentBy, type ClientType, type ServerType, type Side } from './message-names.ts'
import type { WireMessage } from './message-reader.ts'

/** Reads what a message holds, from its beginning to its end. */
export class MessageBody {
  readonly #side: Side
  readonly #type: string | undefined
  readonly #bytes: Buffer
  #at = 0

  /** @param type of the message, if it has one: for errors */
  constructor(side: Side, type: ClientType | ServerType | undefined, bytes: Buffer) {
    this.#side = side
    this.#type = type
    this.#bytes = bytes
  }

  static of(side: Side, { type, body }: WireMessage<ClientType | ServerType>): MessageBody {
    return new MessageBody(side, type, body)
  }

  int8(): number {
    return this.take(1).readUInt8()
  }

  /** A count, a format. */
  int16(): number {
    return this.take(2).readUInt16BE()
  }

  /** A length, where -1 means that there is nothing. */
  int32(): number {
    return this.take(4).readInt32BE()
  }

  /** An object's number. */
  uint32(): number {
    return this.take(4).readUInt32BE()
  }

  /** A text that ends with a zero. */
  string(): string {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end === -1) throw this.#wrong('with a text that does not end')
    const text = this.#bytes.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }

  take(count: number): Buffer {
    const left = this.#bytes.length - this.#at
    if (count > left) throw this.#wrong(`with ${left} bytes left where ${count} were announced`)
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  /** A value that may be null, after its length. */
  value(): Buffer | null {
    const length = this.int32()
    if (length === -1) return null
    if (length < 0) throw this.#wrong(`with a value of ${length} bytes`)
    return this.take(length)
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

  #wrong(what: string): WireError {
    return new WireError(`${sentBy(this.#side, this.#type)} ${what}.`)
  }
}
