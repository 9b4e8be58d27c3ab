/** Bytes in the order in which they came, in as few pieces as can be had without copying. */
export class ByteRun {
  #pieces: Buffer[] = []
  /** The piece that may grow: it is made when it is asked for. */
  #last: Buffer | undefined
  #lastLength = 0
  #length = 0

  /** In bytes. */
  get length(): number {
    return this.#length
  }

  get pieces(): readonly Buffer[] {
    this.#close()
    return this.#pieces
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#length += bytes.length
    if (this.#last && this.#isFollowedBy(this.#last, bytes)) {
      this.#lastLength += bytes.length
      return
    }
    this.#close()
    this.#last = bytes
    this.#lastLength = bytes.length
  }

  /** All of them. None are left. */
  take(): readonly Buffer[] {
    this.#close()
    const pieces = this.#pieces
    this.#pieces = []
    this.#length = 0
    return pieces
  }

  /** Whether they stand one after the other in memory, as the messages of one chunk do. */
  #isFollowedBy(last: Buffer, next: Buffer): boolean {
    return last.buffer === next.buffer && last.byteOffset + this.#lastLength === next.byteOffset
  }

  #close(): void {
    if (!this.#last) return
    this.#pieces.push(
      this.#last.length === this.#lastLength
        ? this.#last
        : Buffer.from(this.#last.buffer, this.#last.byteOffset, this.#lastLength),
    )
    this.#last = undefined
    this.#lastLength = 0
  }
}
