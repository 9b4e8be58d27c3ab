/**
 * One timer for many short waits, nearly all of which end before it rings. Starting and stopping a
 * timer of its own for each would cost as much as all else the scheduler does for a step.
 */
export class Alarm {
  #timer: NodeJS.Timeout | undefined
  #ms = 0
  #ring: (() => void) | undefined

  /** Calls `ring` once after `ms`, unless it is set anew or cleared before. */
  set(ms: number, ring: () => void): void {
    this.#ring = ring
    if (this.#timer && ms === this.#ms) {
      this.#timer.refresh()
      return
    }
    clearTimeout(this.#timer)
    this.#ms = ms
    this.#timer = setTimeout(() => this.#rings(), ms)
  }

  clear(): void {
    this.#ring = undefined
  }

  /** Lets the process end. */
  end(): void {
    clearTimeout(this.#timer)
  }

  /**
   * On a busy machine the answer that is waited for may have arrived and only not been read: timers
   * come before sockets in Node's event loop. So the sockets are read once more before it rings.
   */
  #rings(): void {
    const ring = this.#ring
    setImmediate(() => {
      if (this.#ring !== ring) return // cleared or set anew
      this.#ring = undefined
      ring?.()
    })
  }
}
