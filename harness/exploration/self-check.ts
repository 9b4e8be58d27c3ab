import { scheduleOf, type Failure } from '../counterexample/minimise.ts'
import { Fault } from '../errors.ts'
import { differenceBetween } from '../oracles/self-check.ts'
import { planned } from '../scheduler/choice.ts'
import type { Ledger } from './ledger.ts'
import { runAt, type Place } from './runner.ts'

/** Does one in so many runs twice, and compares the two: the same plan has to give the same run. */
export class SelfCheck {
  readonly #place: Place
  readonly #ledger: Ledger
  readonly #every: number
  #runs = 0

  /** @param every one run in so many; 0 for none */
  constructor(place: Place, ledger: Ledger, every: number) {
    this.#place = place
    this.#ledger = ledger
    this.#every = place.grain === 'overlap' ? 0 : every // the server decides there
  }

  async after({ plan, record }: Failure): Promise<void> {
    this.#runs += 1
    if (this.#every === 0 || this.#runs % this.#every !== 0) return
    const schedule = scheduleOf(record)
    try {
      const again = await runAt(this.#place, { ...plan, schedule }, planned(schedule))
      this.#ledger.checked(differenceBetween(record, again))
    } catch (error) {
      if (!(error instanceof Fault) || this.#place.signal?.aborted) throw error
      this.#ledger.checked({
        cause: 'unexplained',
        message: `A run that had come to its end did not when it was repeated. ${error.message}`,
      })
    }
  }
}
