import type { AbortClass, Reply } from '../reply.ts'
import type { ReplyCounts } from '../verdict.ts'

/** Counts replies by their kind, and those that say `aborted` by what aborted them. */
export class ReplyCounter {
  readonly #counts = { ok: 0, rejected: 0, unknown: 0 }
  readonly #aborted = new Map<AbortClass, number>()

  add(reply: Reply): void {
    if (reply.kind !== 'aborted') this.#counts[reply.kind] += 1
    else this.#aborted.set(reply.error, (this.#aborted.get(reply.error) ?? 0) + 1)
  }

  get counts(): ReplyCounts {
    return { ...this.#counts, aborted: Object.fromEntries(this.#aborted) }
  }
}
