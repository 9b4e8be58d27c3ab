import type { Platform } from '../harness/index.ts'

/** Deals out schedules: the same number to every platform, and what one leaves to those that are done. */
export class Shares {
  readonly #left: Map<Platform, number>
  readonly #most: number

  /** @param most schedules that are taken at once */
  constructor(platforms: readonly Platform[], schedules: number, most: number) {
    const share = Math.ceil(schedules / platforms.length)
    let undealt = schedules
    this.#left = new Map(
      platforms.map((platform) => {
        const dealt = Math.min(share, undealt)
        undealt -= dealt
        return [platform, dealt]
      }),
    )
    this.#most = most
  }

  /** From the platform's own share, or when that is used up, from the largest one; 0 in the end. */
  take(platform: Platform): number {
    const from = this.#left.get(platform) ? platform : this.#largest()
    const left = this.#left.get(from) ?? 0
    const taken = Math.min(left, this.#most)
    this.#left.set(from, left - taken)
    return taken
  }

  #largest(): Platform {
    const [first, ...others] = this.#left.keys()
    if (!first) throw new Error('There is no platform to deal to.')
    return others.reduce(
      (best, each) => ((this.#left.get(each) ?? 0) > (this.#left.get(best) ?? 0) ? each : best),
      first,
    )
  }
}
