import type { Violation } from './invariant.ts'
import type { AbortClass } from './reply.ts'
import type { RunRecord } from './run.ts'
import type { Strategy } from './strategy.ts'
import type { InvariantCount, ReplyCounts } from './verdict.ts'

/** Counts what judged runs came to. */
export class Tally {
  schedules = 0
  readonly #replies = { ok: 0, rejected: 0, aborted: new Map<AbortClass, number>(), unknown: 0 }
  readonly #violations = new Map<string, number>()

  add(record: RunRecord, violations: readonly Violation[]): void {
    this.schedules += 1
    for (const { reply } of record.observation.commands) {
      if (reply.kind === 'aborted') increment(this.#replies.aborted, reply.error)
      else this.#replies[reply.kind] += 1
    }
    for (const { invariant } of violations) increment(this.#violations, invariant)
  }

  get replies(): ReplyCounts {
    const { ok, rejected, aborted, unknown } = this.#replies
    return { ok, rejected, aborted: Object.fromEntries(aborted), unknown }
  }

  invariants(strategy: Strategy, judged: ReadonlySet<string>): InvariantCount[] {
    return strategy.workload.invariants.map(({ name }) => ({
      name,
      claimed: strategy.claims.includes(name),
      judged: judged.has(name),
      violations: this.#violations.get(name) ?? 0,
    }))
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
