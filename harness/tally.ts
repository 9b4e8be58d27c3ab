import type { Violation } from './invariant.ts'
import { judgeable, serial } from './oracles/judgement.ts'
import { describeReply, type AbortClass, type Reply } from './reply.ts'
import type { RunRecord } from './run.ts'
import type { Strategy } from './strategy.ts'
import type { InvariantCount, ReplyCounts } from './verdict.ts'
import type { AnyCommand } from './workload.ts'

/** Counts what judged runs came to. */
export class Tally {
  schedules = 0
  readonly #strategy: Strategy
  readonly #replies = { ok: 0, rejected: 0, aborted: new Map<AbortClass, number>(), unknown: 0 }
  readonly #violations = new Map<string, number>()

  /** Schedules of which nobody knows whether they are serially equivalent. */
  #undecided = 0

  /** Core commands that were answered with ok, or nobody knows: something was put to the test. */
  #effective = 0
  /** How often core commands were answered otherwise, by what they were told. */
  readonly #refusals = new Map<string, number>()

  constructor(strategy: Strategy) {
    this.#strategy = strategy
  }

  /** @param isUndecided whether nobody knows if the run is serially equivalent */
  add(record: RunRecord, violations: readonly Violation[], isUndecided = false): void {
    this.schedules += 1
    for (const { command, reply } of record.observation.commands) {
      if (isCore(this.#strategy, command)) this.#addCore(reply, record)
      if (reply.kind === 'aborted') increment(this.#replies.aborted, reply.error)
      else this.#replies[reply.kind] += 1
    }
    if (isUndecided) this.#undecided += 1
    for (const { invariant } of violations) increment(this.#violations, invariant)
  }

  #addCore(reply: Reply, record: RunRecord): void {
    if (reply.kind === 'ok' || reply.kind === 'unknown') this.#effective += 1
    else increment(this.#refusals, describeRefusal(reply, record))
  }

  /**
   * What the strategy was told instead, in most cases, when none of its commands ever did anything:
   * then nothing was put to the test, and that nothing was broken means nothing.
   */
  get onlyRefusal(): string | undefined {
    if (this.#effective > 0) return undefined
    const [most] = [...this.#refusals].toSorted(([, a], [, b]) => b - a)
    return most?.[0] ?? 'nothing to do'
  }

  get replies(): ReplyCounts {
    const { ok, rejected, aborted, unknown } = this.#replies
    return { ok, rejected, aborted: Object.fromEntries(aborted), unknown }
  }

  invariants(judged: ReadonlySet<string>): InvariantCount[] {
    const { workload, claims } = this.#strategy
    return judgeable(workload).map(({ name }) => ({
      name,
      claimed: claims.includes(name),
      judged: judged.has(name),
      violations: this.#violations.get(name) ?? 0,
      ...(name === serial.name && this.#undecided > 0 && { undecided: this.#undecided }),
    }))
  }
}

/** Whether the command is one that a strategy has to do itself. */
export function isCore({ workload }: Strategy, { kind }: AnyCommand): boolean {
  return !Object.hasOwn(workload.handlers, kind)
}

/** A reply, and where the database aborted the command, what it said last. */
function describeRefusal(reply: Reply, { history }: RunRecord): string {
  const failed =
    reply.kind === 'aborted' ? history.findLast((event) => event.kind === 'failed') : undefined
  if (!failed) return describeReply(reply)
  return `${describeReply(reply)}: ${failed.error.message} (${failed.error.code})`
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
