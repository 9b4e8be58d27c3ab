import type { SpecConnections } from '../databases/engines/postgres/spec-connections.ts'
import type { Keeping } from './keeping.ts'

/** The tables that one permutation after the other finds as the setup makes them. */
export class Stage {
  readonly #connections: SpecConnections
  readonly #keeping: Keeping | undefined
  /** For how many permutations more the tables may be used. */
  #left = 0
  #isReady = false

  /** @param keeping how tables may be kept; undefined to have them made anew each time */
  constructor(connections: SpecConnections, keeping: Keeping | undefined) {
    this.#connections = connections
    this.#keeping = keeping
  }

  /** Whether the setup can be left out, as all is as it would make it. True once for every `restore`. */
  enter(): boolean {
    const isReady = this.#isReady
    this.#isReady = false
    if (!isReady) this.#left = this.#keeping?.permutations ?? 0
    this.#left -= 1
    return isReady
  }

  /** Brings everything to where setup would leave it. False if teardown and setup have to do it. */
  async restore(): Promise<boolean> {
    if (!this.#keeping || this.#left <= 0) return false
    // Whoever is still in a transaction would keep the teardown waiting.
    if (!this.#connections.sessions.every(({ isIdle }) => isIdle)) return false
    const { result } = await this.#connections.control.execute(this.#keeping.restore)
    this.#isReady = result.kind !== 'error'
    return this.#isReady
  }
}
