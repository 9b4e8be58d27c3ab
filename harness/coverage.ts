import { hash } from 'node:crypto'
import { HappensBefore } from './footprints/happens-before.ts'
import type { Setting } from './footprints/setting.ts'
import { TransitionReader, type Transition } from './footprints/transitions.ts'
import type { ActorId, History } from './history.ts'
import type { Plan } from './plan.ts'

/** How much of what can happen has been seen. */
export interface CoverageSummary {
  readonly schedules: number
  /** Different classes among them. Schedules of one class differ only in the order of steps that commute. */
  readonly classes: number
  /** Classes that were seen once only. */
  readonly singletons: number
  /**
   * Estimated probability that the next schedule is of a class that was not seen yet; 0 when no
   * schedule is left. Left out of an enumeration that has not ended, as nothing is drawn there.
   *
   * It is that of Good and Turing: the share of schedules whose class was seen once only. It is sound
   * for schedules that are drawn independently, and about those that the explorer is likely to draw:
   * it says nothing of what it never draws. Source: Good, "The Population Frequencies of Species and the
   * Estimation of Population Parameters", Biometrika 1953.
   */
  readonly unseen?: number
  /**
   * With a confidence of 95 %, that probability is no more than this. Source: McAllester and Schapire,
   * "On the Convergence Rate of Good-Turing Estimators", COLT 2000, theorem 1.
   */
  readonly unseenAtMost?: number
}

/** How schedules were come by: drawn by chance, or one after the other, perhaps until none was left. */
export type Selection = 'drawn' | 'enumerated' | 'exhausted'

const doubt = 0.05

/** Counts classes of schedules as they are seen. */
export class Coverage {
  readonly #setting: Setting
  /** By class, whether it has been seen again. */
  readonly #seen = new Map<string, 'once' | 'again'>()
  #schedules = 0

  constructor(setting: Setting) {
    this.#setting = setting
  }

  /** Counts a run: the class of its schedule is told from its plan and its history. */
  add(plan: Plan, history: History): void {
    this.#schedules += 1
    const id = classOf(plan, history, this.#setting)
    this.#seen.set(id, this.#seen.has(id) ? 'again' : 'once')
  }

  /** What has been counted so far, with an estimate where the schedules were drawn by chance. */
  summary(selection: Selection): CoverageSummary {
    const schedules = this.#schedules
    const singletons = this.#seen.values().reduce((sum, each) => sum + Number(each === 'once'), 0)
    const counted = { schedules, classes: this.#seen.size, singletons }
    if (selection === 'enumerated') return counted
    if (selection === 'exhausted') return { ...counted, unseen: 0, unseenAtMost: 0 }
    const unseen = schedules === 0 ? 1 : singletons / schedules
    const margin = (2 * Math.SQRT2 + Math.sqrt(3)) * Math.sqrt(Math.log(3 / doubt) / schedules)
    return { ...counted, unseen, unseenAtMost: Math.min(1, unseen + margin) }
  }
}

/** The same text for runs of the same plan that differ only in the order of steps that commute. */
export function classOf(
  { initial, actors, faults = [] }: Plan,
  history: History,
  setting: Setting,
): string {
  const order = leastOrder(new TransitionReader(setting).read(history))
  const plan = faults.length > 0 ? [initial, actors, faults] : [initial, actors]
  return hash('sha1', JSON.stringify([...plan, order]), 'base64')
}

/**
 * Of all orders that have the dependent steps in the same order as this one, the first one in the
 * alphabet: the same for all of them. A run is known by whose turn it was at each step.
 */
export function leastOrder(transitions: readonly Transition[]): readonly ActorId[] {
  const happensBefore = new HappensBefore(transitions)
  const left = new Set(transitions.keys())
  const order: ActorId[] = []
  while (left.size > 0) {
    let next: number | undefined
    for (const index of left) {
      if (next !== undefined && actorOf(index) >= actorOf(next)) continue
      if (happensBefore.immediatelyBefore(index).some((before) => left.has(before))) continue
      next = index
    }
    if (next === undefined) break
    left.delete(next)
    order.push(actorOf(next))
  }
  return order

  function actorOf(index: number): ActorId {
    return transitions[index]?.actor ?? 0
  }
}
