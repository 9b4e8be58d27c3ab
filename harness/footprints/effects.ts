/**
 * What a part of a run reads and writes, in the widest sense: everything that it depends on, and
 * everything that others can notice of it. Two parts commute when neither writes what the other reads
 * or writes.
 *
 * Objects are named by text. Besides tables there are some that stand for what the run as a whole
 * shows: see `transitions.ts`.
 */
export class Effects {
  readonly #reads = new Set<string>()
  readonly #writes = new Set<string>()
  #touchesEverything = false

  read(object: string): void {
    this.#reads.add(object)
  }

  write(object: string): void {
    this.#writes.add(object)
  }

  /** It is not known what it touches. */
  touchEverything(): void {
    this.#touchesEverything = true
  }

  conflictsWith(other: Effects): boolean {
    if (this.#touchesEverything || other.#touchesEverything) return true
    return (
      !this.#writes.isDisjointFrom(other.#writes) ||
      !this.#writes.isDisjointFrom(other.#reads) ||
      !this.#reads.isDisjointFrom(other.#writes)
    )
  }

  /** As text, the same for the same effects. */
  toString(): string {
    if (this.#touchesEverything) return 'everything'
    const reads = [...this.#reads.difference(this.#writes)].map((each) => `reads ${each}`)
    const writes = [...this.#writes].map((each) => `writes ${each}`)
    return [...reads, ...writes].toSorted().join(', ')
  }
}
