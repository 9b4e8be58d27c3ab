/** Lets nobody of a group pass before all have arrived, again and again; who leaves is not waited for. */
export class Barrier {
  #members: number
  #waiting: (() => void)[] = []

  constructor(members: number) {
    this.#members = members
  }

  /** Resolves when all have arrived who have not left. */
  arrive(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#openIfComplete()
    })
  }

  leave(): void {
    this.#members -= 1
    this.#openIfComplete()
  }

  #openIfComplete(): void {
    if (this.#waiting.length < this.#members) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const pass of waiting) pass()
  }
}
