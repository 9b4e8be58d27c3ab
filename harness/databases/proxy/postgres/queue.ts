/** How many places before the first item are left empty at most, where there are more of them than items. */
const mostEmpty = 1_000

/** First in, first out, however long it is: an array's own `shift` moves all that is left. */
export class Queue<Item> {
  #items: Item[] = []
  #first = 0

  get length(): number {
    return this.#items.length - this.#first
  }

  /** The item with so many before it. */
  at(index: number): Item | undefined {
    return this.#items[this.#first + index]
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  shift(): Item | undefined {
    const item = this.at(0)
    if (item === undefined) return undefined
    this.#first += 1
    if (this.#first > mostEmpty && this.#first > this.length) this.clear(this.items())
    return item
  }

  /** What is left, in order. */
  items(): Item[] {
    return this.#items.slice(this.#first)
  }

  /** Takes these in the place of all that was there. */
  clear(items: Item[] = []): void {
    this.#items = items
    this.#first = 0
  }
}
