import { setTimeout as sleep } from 'node:timers/promises'
import type { Lane, LockWaitSample } from '../databases/engine.ts'

/** How often sessions are counted that wait, in milliseconds. Asking costs the server time too. */
const sampleMs = 25

type MeteredLane = Pick<Lane, 'countedLockWaitMs' | 'sampleLockWaits'>

/**
 * Measures how long the sessions of a lane wait for locks. What the server does not add up by itself is
 * sampled: so many sessions that wait, times how long it was since the last look.
 */
export class LockWaitMeter {
  readonly #lane: MeteredLane
  #isOn = true
  readonly #measured: Promise<number | undefined>

  /** Begins at once. */
  constructor(lane: MeteredLane) {
    this.#lane = lane
    this.#measured = this.#measure()
    this.#measured.catch(() => {}) // whoever ends it hears of it
  }

  /** Ends the measurement: milliseconds in all, or undefined when waits of others may be among them. */
  end(): Promise<number | undefined> {
    this.#isOn = false
    return this.#measured
  }

  async #measure(): Promise<number | undefined> {
    const countedBefore = await this.#lane.countedLockWaitMs()
    let last = await this.#look()
    let sampledMs = 0
    let { isShared } = last
    while (this.#isOn) {
      await sleep(sampleMs)
      const now = await this.#look()
      sampledMs += ((last.waiting + now.waiting) / 2) * (now.at - last.at)
      isShared ||= now.isShared
      last = now
    }
    const countedMs = (await this.#lane.countedLockWaitMs()) - countedBefore
    return isShared ? undefined : sampledMs + countedMs
  }

  async #look(): Promise<LockWaitSample & { readonly at: number }> {
    const sample = await this.#lane.sampleLockWaits()
    return { ...sample, at: performance.now() }
  }
}
