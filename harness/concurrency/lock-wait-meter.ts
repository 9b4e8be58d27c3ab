import { setTimeout as sleep } from 'node:timers/promises'
import type { Lane, LockWaitReading } from '../databases/engine.ts'

/** How often sessions are counted that wait, in milliseconds. Asking costs the server time too. */
const sampleMs = 25

/**
 * Measures how long the sessions of a lane wait for locks. What the server does not add up by itself is
 * sampled: so many sessions that wait, times how long it was since the last look.
 */
export class LockWaitMeter {
  readonly #lane: Pick<Lane, 'readLockWaits'>
  #isOn = true
  readonly #measured: Promise<number | undefined>

  /** Begins at once. */
  constructor(lane: Pick<Lane, 'readLockWaits'>) {
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
    const first = await this.#read()
    let last = first
    let sampledMs = 0
    let { isShared } = first
    while (this.#isOn) {
      await sleep(sampleMs)
      const now = await this.#read()
      sampledMs += ((last.waiting + now.waiting) / 2) * (now.at - last.at)
      isShared ||= now.isShared
      last = now
    }
    return isShared ? undefined : sampledMs + last.countedMs - first.countedMs
  }

  async #read(): Promise<LockWaitReading & { readonly at: number }> {
    const reading = await this.#lane.readLockWaits()
    return { ...reading, at: performance.now() }
  }
}
