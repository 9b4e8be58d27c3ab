import type { Failure } from '../counterexample/minimise.ts'
import type { Ledger } from './ledger.ts'
import type { Place } from './runner.ts'

/** Does one in so many runs twice, and compares the two. */
export class SelfCheck {
  constructor(_place: Place, _ledger: Ledger, _every: number) {}

  async after(_run: Failure): Promise<void> {}
}
