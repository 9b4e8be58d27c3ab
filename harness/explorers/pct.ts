import { UsageError } from '../errors.ts'
import type { ActorId } from '../history.ts'
import type { Outlook } from '../outlook.ts'
import type { ChoicePoint, Chooser } from '../scheduler/choice.ts'
import { drawsArbitrary } from './draws.ts'
import type { SamplingExplorer } from './explorer.ts'

const defaultDepth = 3
/** Most that can be asked for: a bug of such a depth is as good as never found. */
const greatestDepth = 10
/** Those of more actors than this come last at first, in their own order. */
const mostActors = 8
/** Steps that one actor takes while others could go on, before it is taken for one that spins. */
const patience = 100

/**
 * Probabilistic concurrency testing: actors have priorities in an order drawn by chance, and the
 * enabled one with the highest goes on. At `depth` − 1 steps drawn by chance, whoever has taken that
 * step falls below all who have not fallen, to a place of its own among those who have.
 *
 * Source: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler with Probabilistic
 * Guarantees of Finding Bugs", ASPLOS 2010.
 *
 * The guarantee. A bug is of depth d if d constraints of the kind "this step before that one" are
 * enough to bring it about. With n actors that take k steps in all, each schedule finds a bug of
 * depth d with a probability of at least 1 / (n · k^(d − 1)). It is about schedules of one plan; of the
 * plans, which are drawn anew each time, only some have the bug in them.
 *
 * Deviations, and what is left of the guarantee:
 * - k is what the commands have taken at most so far, and at first a guess. While it is too large,
 *   drawn steps may come after the end, and the bound is that for the larger k; while it is too small,
 *   there is no bound, as nothing is drawn among the steps beyond it.
 * - Who gets a lock that several wait for is up to the database, and not to priorities.
 * - A sleep is a step like any other, so a high priority outlasts bounded polling. Whoever takes 100
 *   steps while others could go on falls below them: it may wait in a loop for what one of them has
 *   to do first. (The paper has no such loops; Coyote and Shuttle lower who yields.)
 *
 * @throws {UsageError} when the depth is no whole number from 1 to 10.
 */
export function pctOfDepth(depth: number): SamplingExplorer {
  if (!Number.isInteger(depth) || depth < 1 || depth > greatestDepth) {
    throw new UsageError(
      `The depth of explorer "pct" is a whole number from 1 to ${greatestDepth}, and not ${depth}.`,
    )
  }
  return {
    kind: 'sampling',
    name: 'pct',
    summary:
      'Draws who comes first and the few steps at which that changes, to find bugs of some depth.',
    schedule: drawsArbitrary(depth - 1 + mostActors),
    chooser: (schedule, outlook) => {
      const draws = schedule.slice(depth - 1)
      return byPriority(changesOf(schedule.slice(0, depth - 1), outlook), new Priorities(draws))
    },
  }
}

/** {@link pctOfDepth} three. */
export const pct = pctOfDepth(defaultDepth)

/** The steps after which a priority changes, and to what: the later it was drawn, the lower. */
function changesOf(draws: readonly number[], { steps }: Outlook): ReadonlyMap<number, number> {
  const expected = Math.max(
    1,
    steps.reduce((sum, each) => sum + each, 0),
  )
  return new Map(
    draws.flatMap((draw, index) =>
      draw === 0 ? [] : [[1 + ((draw - 1) % expected), draws.length - index] as const],
    ),
  )
}

function byPriority(changes: ReadonlyMap<number, number>, priorities: Priorities): Chooser {
  let last: ActorId | undefined
  /** Steps in a row of `last` in front of others. */
  let preferred = 0
  return (point) => {
    const chosen = priorities.highest(point)
    const actor = point.enabled[chosen] as ActorId
    if (actor !== last || point.enabled.length === 1) preferred = 0
    preferred += 1
    last = actor
    const lowered = changes.get(point.step)
    if (lowered !== undefined) priorities.lower(actor, lowered)
    else if (preferred >= patience) priorities.lowerBelowAll(actor)
    return chosen
  }
}

/** Who comes before whom. */
class Priorities {
  /** One number for each actor: how many of those before it in number it is placed in front of. */
  readonly #draws: readonly number[]
  /** Actors from the highest priority to the lowest. */
  readonly #order: ActorId[] = []
  /** Those that have been lowered: the greater, the higher, and all below those that have not been. */
  readonly #lowered = new Map<ActorId, number>()
  #lowest = 0

  constructor(draws: readonly number[]) {
    this.#draws = draws
  }

  /** Index of the enabled actor with the highest priority. */
  highest({ enabled }: ChoicePoint): number {
    for (const actor of enabled.toSorted((a, b) => a - b)) this.#meet(actor)
    let best = 0
    for (const [index, actor] of enabled.entries()) {
      if (this.#isAbove(actor, enabled[best] as ActorId)) best = index
    }
    return best
  }

  lower(actor: ActorId, to: number): void {
    this.#lowered.set(actor, to)
  }

  lowerBelowAll(actor: ActorId): void {
    this.#lowest -= 1
    this.#lowered.set(actor, this.#lowest)
  }

  #meet(actor: ActorId): void {
    if (this.#order.includes(actor)) return
    const passed = (this.#draws[actor] ?? 0) % (this.#order.length + 1)
    this.#order.splice(this.#order.length - passed, 0, actor)
  }

  #isAbove(one: ActorId, other: ActorId): boolean {
    const [a, b] = [this.#lowered.get(one) ?? Infinity, this.#lowered.get(other) ?? Infinity]
    return a === b ? this.#order.indexOf(one) < this.#order.indexOf(other) : a > b
  }
}
