import { WireError } from '../wire.ts'
import { messageNames, type ClientType, type ServerType, type Side } from './message-names.ts'
import type { WireMessage } from './message-reader.ts'

/** Reads what a message holds, from its beginning to its end. */
export class MessageBody {
  readonly #from: string
  readonly #bytes: Buffer
  #at = 0

  /** @param from for the error, such as "The client sent Bind" */
  constructor(from: string, bytes: Buffer) {
    this.#from = from
    this.#bytes = bytes
  }

  static of(side: Side, { type, body }: WireMessage<ClientType | ServerType>): MessageBody {
    const names: Readonly<Record<string, string>> = messageNames[side]
    return new MessageBody(`The ${side} sent ${names[type ?? ''] ?? 'its first message'}`, body)
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
    return Array.from({ length: this.int16() }, read)
  }

  /** @throws {WireError} when something is left */
  end(): void {
    const left = this.#bytes.length - this.#at
    if (left > 0) throw this.#wrong(`with ${left} bytes more than belong to it`)
  }

  #wrong(what: string): WireError {
    return new WireError(`${this.#from} ${what}.`)
  }
}
