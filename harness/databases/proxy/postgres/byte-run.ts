/** Bytes in the order in which they came, in as few pieces as can be had without copying. */
export class ByteRun {
  #pieces: Buffer[] = []
  #length = 0

  /** In bytes. */
  get length(): number {
    return this.#length
  }

  get pieces(): readonly Buffer[] {
    return this.#pieces
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#length += bytes.length
    const last = this.#pieces.at(-1)
    if (last && isFollowedBy(last, bytes)) {
      const whole = last.length + bytes.length
      this.#pieces[this.#pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, whole)
    } else {
      this.#pieces.push(bytes)
    }
  }

  /** All of them. None are left. */
  take(): readonly Buffer[] {
    const pieces = this.#pieces
    this.#pieces = []
    this.#length = 0
    return pieces
  }
}

/** Whether they stand one after the other in memory, as the messages of one chunk do. */
const isFollowedBy = (first: Buffer, second: Buffer): boolean =>
  first.buffer === second.buffer && first.byteOffset + first.length === second.byteOffset
