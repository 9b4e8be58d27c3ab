/** One at a time, in the order of asking: who has the turn has to give it back. */
export class Turns<Holder> {
  #holder: Holder | undefined
  readonly #waiting: { readonly holder: Holder; readonly begin: () => void }[] = []

  /** Who has the turn at this moment. */
  get holder(): Holder | undefined {
    return this.#holder
  }

  /** Resolves when it is the holder's turn: at once where nobody has it, or the holder itself. */
  take(holder: Holder): Promise<void> {
    if (this.#holder === undefined) this.#holder = holder
    if (this.#holder === holder) return Promise.resolve()
    return new Promise((begin) => {
      this.#waiting.push({ holder, begin })
    })
  }

  /** Lets the next one begin, if it was the holder's turn. */
  give(holder: Holder): void {
    if (this.#holder !== holder) return
    const next = this.#waiting.shift()
    this.#holder = next?.holder
    next?.begin()
  }
}
