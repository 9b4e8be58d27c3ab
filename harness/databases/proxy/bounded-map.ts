interface Entry<Value> {
  readonly value: Value
  readonly weight: number
}

/**
 * A map that does not hold too much: what is used often stays, and what is not is forgotten.
 *
 * It has two halves. What is used goes to the first one. When that is full it becomes the second one, and what
 * was left in there is forgotten: so nobody has to keep an order, which would take longer than the looking up.
 */
export class BoundedMap<Value> {
  readonly #most: number
  readonly #heaviest: number
  readonly #weigh: (value: Value) => number
  #first = new Map<string, Entry<Value>>()
  #firstWeight = 0
  #second = new Map<string, Entry<Value>>()

  /**
   * @param most entries, of which at least the half that was used last is kept
   * @param heaviest what all may weigh together. What weighs more than half of it is not kept
   * @param weigh what one weighs besides its key, which counts by its length
   */
  constructor(most: number, heaviest: number, weigh: (value: Value) => number) {
    this.#most = most
    this.#heaviest = heaviest
    this.#weigh = weigh
  }

  get size(): number {
    return this.#first.size + this.#second.size
  }

  get(key: string): Value | undefined {
    const entry = this.#first.get(key) ?? this.#second.get(key)
    if (entry && this.#second.delete(key)) this.#add(key, entry)
    return entry?.value
  }

  set(key: string, value: Value): void {
    this.delete(key)
    const weight = key.length + this.#weigh(value)
    if (weight <= this.#heaviest / 2) this.#add(key, { value, weight })
  }

  delete(key: string): void {
    this.#firstWeight -= this.#first.get(key)?.weight ?? 0
    this.#first.delete(key)
    this.#second.delete(key)
  }

  /** Puts what is in neither half into the first one. */
  #add(key: string, entry: Entry<Value>): void {
    const isFull = this.#first.size + 1 > this.#most / 2
    if (isFull || this.#firstWeight + entry.weight > this.#heaviest / 2) {
      this.#second = this.#first
      this.#first = new Map()
      this.#firstWeight = 0
    }
    this.#first.set(key, entry)
    this.#firstWeight += entry.weight
  }
}
