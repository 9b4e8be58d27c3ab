import { HarnessFault, UsageError } from '../errors.ts'
import type { Setting } from '../footprints/setting.ts'
import { HappensBefore } from '../footprints/happens-before.ts'
import { TransitionReader, isDependent, type Transition } from '../footprints/transitions.ts'
import type { ActorId, History } from '../history.ts'
import type { ChoicePoint, Chooser } from '../scheduler/choice.ts'
import { changed, isSamePoint } from './determinism.ts'
import type { Search, SearchOptions, SystematicExplorer } from './explorer.ts'

/**
 * Of all schedules that differ only in the order of steps that commute, at least one: dynamic
 * partial-order reduction with source sets and sleep sets.
 *
 * Source: Abdulla, Aronsson, Jonsson and Sagonas, "Optimal Dynamic Partial Order Reduction", POPL 2014,
 * algorithm 1; sleep sets are those of Godefroid, "Partial-Order Methods for the Verification of
 * Concurrent Systems", 1996. What is done otherwise:
 *
 * - Races are looked for when a run is over, in all of it that is new, and not at every step.
 * - Where all actors are asleep, the run goes on to its end, as stopping it would cost more; but what
 *   it does from there on is not searched any further. Such a run is counted as redundant.
 * - A race is not reversed where an actor that could begin the reversal is asleep already, since what
 *   comes of it has been seen: algorithm 2 of the paper does the same.
 * - A transition may be of several actors: a COMMIT with all that it releases. It follows upon what
 *   each of them did before.
 *
 * Which steps commute is read from what they did: see `footprints/transitions.ts`, and
 * docs/reduction.md for what all schedules of one class have in common.
 */
export const reduced: SystematicExplorer = {
  kind: 'systematic',
  name: 'reduced',
  summary: 'Tries one schedule, or a few, of each set that differs only in steps that commute.',
  takesBounds: false,
  takesFaults: false,
  search: (options) => new ReducedSearch(options),
}

/** A point on the path to the current schedule. */
interface Node {
  readonly point: ChoicePoint
  /** Whose turn it is in the current schedule. */
  chosen: ActorId
  /** What that did, once it is known. */
  transition: Transition | undefined
  /** Those that have to be tried here. */
  readonly toTry: Set<ActorId>
  /**
   * What need not be tried here, as all that can come of it has been seen: by the actor whose step it
   * would be. Those that have been tried here are among them.
   */
  readonly asleep: Map<ActorId, Transition>
}

class ReducedSearch implements Search {
  readonly #setting: Setting | undefined
  readonly #path: Node[] = []
  #reader: TransitionReader
  /** Scheduling points of the current run. */
  #visited = 0
  #state: 'new' | 'under way' | 'told' = 'new'
  /** The first point of the current run that is no longer part of the search. */
  #redundantFrom = Infinity
  #redundant = 0

  constructor({ setting, preemptions, switches }: SearchOptions = {}) {
    if (preemptions !== undefined || switches !== undefined) throw bounded
    this.#setting = setting
    this.#reader = new TransitionReader(setting)
  }

  get redundant(): number {
    return this.#redundant
  }

  next(): Chooser | undefined {
    if (this.#visited < this.#path.length) throw changed(this.#visited + 1)
    if (this.#state === 'under way') throw untold
    if (this.#state === 'told' && !this.#advance()) return undefined
    this.#state = 'under way'
    this.#reader = new TransitionReader(this.#setting)
    this.#visited = 0
    this.#redundantFrom = Infinity
    return (point, history) => this.#choose(point, history)
  }

  /** Goes back to the last point at which something is left to try. */
  #advance(): boolean {
    for (let last = this.#path.at(-1); last; last = this.#path.at(-1)) {
      if (last.transition) last.asleep.set(last.chosen, last.transition)
      const next = last.point.enabled.find((each) => last.toTry.has(each) && !last.asleep.has(each))
      if (next !== undefined) {
        last.chosen = next
        last.transition = undefined
        return true
      }
      this.#path.pop()
    }
    return false
  }

  #choose(point: ChoicePoint, history: (() => History) | undefined): number {
    if (!history) throw untold
    this.#visited = point.step
    if (point.step > this.#redundantFrom) return 0
    this.#learn(history())
    const known = this.#path[point.step - 1]
    if (known && !isSamePoint(known.point, point)) throw changed(point.step)
    const node = known ?? this.#open(point)
    if (!node) this.#redundantFrom = point.step
    return node ? point.enabled.indexOf(node.chosen) : 0
  }

  /** What was done at each point of the path so far. */
  #learn(history: History): void {
    const transitions = this.#reader.read(history)
    for (const [index, transition] of transitions.entries()) {
      const node = this.#path[index]
      if (node) node.transition ??= transition
    }
  }

  /** `undefined` when everybody is asleep. */
  #open(point: ChoicePoint): Node | undefined {
    const asleep = this.#stillAsleep()
    const chosen = point.enabled.find((actor) => !asleep.has(actor))
    if (chosen === undefined) return undefined
    const node: Node = { point, chosen, transition: undefined, toTry: new Set([chosen]), asleep }
    this.#path.push(node)
    return node
  }

  /** Those that slept at the point before, and that what was done there did not wake. */
  #stillAsleep(): Map<ActorId, Transition> {
    const { transition, asleep } = this.#path.at(-1) ?? {}
    if (!transition || !asleep) return new Map()
    return new Map([...asleep].filter(([, sleeping]) => !isDependent(sleeping, transition)))
  }

  ran(history: History): void {
    if (this.#visited < this.#path.length) return // see next
    this.#learn(history)
    if (this.#redundantFrom < Infinity) this.#redundant += 1
    this.#state = 'told'
    this.#findRaces()
  }

  /**
   * For every two steps of the path that are in a race: sees to it that the second one, or something
   * that leads to it, is tried before the first one as well.
   */
  #findRaces(): void {
    const path = this.#path.map(({ transition }) => transition as Transition)
    const order = new HappensBefore(path)
    for (const [later, transition] of path.entries()) {
      for (const earlier of order.immediatelyBefore(later)) {
        // Who took part in the earlier one could not have gone on without it.
        if (!path[earlier]?.actors.has(transition.actor)) this.#reverse(earlier, later, path, order)
      }
    }
  }

  #reverse(
    earlier: number,
    later: number,
    path: readonly Transition[],
    order: HappensBefore,
  ): void {
    const node = this.#path[earlier]
    if (!node) return
    const before = path
      .keys()
      .filter((index) => index > earlier && index < later && !order.has(earlier, index))
      .toArray()
    const reversal = [...before, later]
    const initials = reversal
      .filter((index) => !reversal.some((other) => other < index && order.has(other, index)))
      .flatMap((index) => path[index]?.actor ?? [])
    if (initials.some((actor) => node.toTry.has(actor) || node.asleep.has(actor))) return
    const first = node.point.enabled.find((actor) => initials.includes(actor))
    // That somebody can begin follows from what "dependent" means; should it not, all are tried.
    for (const actor of first === undefined ? node.point.enabled : [first]) node.toTry.add(actor)
  }
}

const untold = new HarnessFault(
  'A search that is reduced has to be told what happens in its runs, and what they come to.',
)

const bounded = new UsageError(
  'Explorer "reduced" takes no bound on switches or preemptions: of schedules that differ only in steps that commute, the one it tries may be beyond the bound. Use explorer "exhaustive" with a bound.',
)
