/** A map that forgets its oldest entries when they are too many, or too heavy altogether. */
export class BoundedMap<Value> {
  readonly #most: number
  readonly #heaviest: number
  readonly #weigh: (value: Value) => number
  readonly #entries = new Map<string, Value>()
  #weight = 0

  /**
   * @param heaviest what all may weigh together
   * @param weigh what one weighs besides its key, which counts by its length
   */
  constructor(most: number, heaviest: number, weigh: (value: Value) => number) {
    this.#most = most
    this.#heaviest = heaviest
    this.#weigh = weigh
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: Value): void {
    this.delete(key)
    this.#entries.set(key, value)
    this.#weight += this.#weightOf(key, value)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most && this.#weight <= this.#heaviest) break
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#weight -= this.#weightOf(key, value)
    this.#entries.delete(key)
  }

  #weightOf(key: string, value: Value): number {
    return key.length + this.#weigh(value)
  }
}
