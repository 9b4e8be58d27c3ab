/** Lets some go on together once all have come or gone, and then one at a time. */
export class Turns {
  #expected: number
  #whenAllHaveCome = Promise.withResolvers<void>()
  #last: Promise<unknown>

  constructor(expected: number) {
    this.#expected = expected
    this.#last = this.#whenAllHaveCome.promise
  }

  /** Somebody has come, or will never come. */
  arrive(): void {
    this.#expected -= 1
    if (this.#expected <= 0) this.#whenAllHaveCome.resolve()
  }

  /** Does the work when all have come and nobody else is at work. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
