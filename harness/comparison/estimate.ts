/** What is left to do, and how long that may take. */
export class Estimate {
  /** For each engine, cells whose safety has to be measured, and how long those took that have been. */
  readonly #safety = new Map<string, { left: number; done: number; ms: number }>()
  readonly #loads = { left: 0, done: 0, ms: 0 }
  readonly #expectedLoadMs: number

  /** @param expectedLoadMs how long a load takes as long as none has been seen */
  constructor(expectedLoadMs: number) {
    this.#expectedLoadMs = expectedLoadMs
  }

  expectSafety(engine: string, cells: number): void {
    this.#of(engine).left += cells
  }

  expectLoads(loads: number): void {
    this.#loads.left += loads
  }

  safetyDone(engine: string, ms: number): void {
    count(this.#of(engine), ms)
  }

  loadDone(ms: number): void {
    count(this.#loads, ms)
  }

  /** A cell has turned out to need no load. */
  skipLoads(loads: number): void {
    this.#loads.left -= loads
  }

  /** Milliseconds, or undefined as long as nothing is known. Engines are searched side by side. */
  get leftMs(): number | undefined {
    const engines = [...this.#safety.values()].filter(({ left }) => left > 0)
    if (engines.some(({ done }) => done === 0)) return undefined
    const safetyMs = Math.max(0, ...engines.map(({ left, done, ms }) => (left * ms) / done))
    const { left, done, ms } = this.#loads
    return safetyMs + left * (done === 0 ? this.#expectedLoadMs : ms / done)
  }

  /** One line: what has been done, and about how long the rest takes. */
  describe(): string {
    const engines = [...this.#safety.values()]
    const done = engines.reduce((sum, each) => sum + each.done, 0)
    const all = done + engines.reduce((sum, each) => sum + each.left, 0)
    const loads = this.#loads.done + this.#loads.left
    const left = this.leftMs
    return [
      ...(all === 0 ? [] : [`safety: ${done} of ${all}`]),
      ...(loads === 0 ? [] : [`cost: ${this.#loads.done} of ${loads} loads`]),
      ...(left === undefined ? [] : [`about ${duration(left)} left`]),
    ].join(', ')
  }

  #of(engine: string): { left: number; done: number; ms: number } {
    const known = this.#safety.get(engine) ?? { left: 0, done: 0, ms: 0 }
    this.#safety.set(engine, known)
    return known
  }
}

function count(tally: { left: number; done: number; ms: number }, ms: number): void {
  tally.left -= 1
  tally.done += 1
  tally.ms += ms
}

/** `40 s`, `12 min`. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
