import type { ActorId } from '../history.ts'
import type { Chooser, ChoicePoint } from '../scheduler/choice.ts'
import { changed, isSamePoint } from './determinism.ts'
import type { Search, SearchBounds, SystematicExplorer } from './explorer.ts'

/**
 * Every schedule of a plan, depth first: stateless search, which repeats a run from its start with
 * another choice at the last point that has one left.
 *
 * Source: Godefroid, "Model Checking for Programming Languages using VeriSoft", POPL 1997. The bound
 * on preemptions is that of Musuvathi and Qadeer, "Iterative Context Bounding for Systematic Testing
 * of Multithreaded Programs", PLDI 2007: a switch away from an actor that waits or has ended is free.
 * Where a bound is used up and the actor cannot go on, the run is brought to its end without counting
 * what it does then as schedules of their own.
 */
export const exhaustive: SystematicExplorer = {
  kind: 'systematic',
  name: 'exhaustive',
  summary: 'Tries every schedule of a fixed scenario, and says so when none is left.',
  takesBounds: true,
  takesFaults: true,
  search: (bounds) => new DepthFirstSearch(bounds),
}

/** A point on the path to the current schedule. */
interface Branch {
  /** What the scheduler offered, to notice when it offers something else for the same choices. */
  readonly point: ChoicePoint
  readonly options: number
  chosen: number
}

class DepthFirstSearch implements Search {
  readonly #bounds: Required<SearchBounds>
  readonly #path: Branch[] = []
  #started = false
  /** Scheduling points of the current run. */
  #visited = 0

  constructor(bounds: SearchBounds = {}) {
    this.#bounds = { preemptions: Infinity, switches: Infinity, ...bounds }
  }

  next(): Chooser | undefined {
    if (this.#visited < this.#path.length) throw changed(this.#visited + 1)
    if (this.#started && !this.#advance()) return undefined
    this.#started = true
    this.#visited = 0
    return this.#follow()
  }

  #advance(): boolean {
    for (let last = this.#path.at(-1); last; last = this.#path.at(-1)) {
      last.chosen += 1
      if (last.chosen < last.options) return true
      this.#path.pop()
    }
    return false
  }

  #follow(): Chooser {
    const spent = { preemptions: 0, switches: 0 }
    let last: ActorId | undefined
    return (point) => {
      const branch = this.#path[point.step - 1] ?? this.#open(point, last, spent)
      this.#compare(branch, point)
      const actor = point.enabled[branch.chosen]
      if (last !== undefined && actor !== last) {
        spent.switches += 1
        if (couldGoOn(point, last)) spent.preemptions += 1
      }
      last = actor
      this.#visited = point.step
      return branch.chosen
    }
  }

  #open(
    point: ChoicePoint,
    last: ActorId | undefined,
    spent: Readonly<Required<SearchBounds>>,
  ): Branch {
    const mayChoose =
      last === undefined ||
      (spent.switches < this.#bounds.switches &&
        (spent.preemptions < this.#bounds.preemptions || !couldGoOn(point, last)))
    const branch: Branch = {
      point,
      options: mayChoose ? point.enabled.length : 1,
      chosen: 0,
    }
    this.#path.push(branch)
    return branch
  }

  #compare(branch: Branch, point: ChoicePoint): void {
    if (!isSamePoint(branch.point, point)) throw changed(point.step)
  }
}

/** Choice 0 is the actor that ran last, if it is enabled. */
function couldGoOn(point: ChoicePoint, last: ActorId | undefined): boolean {
  return last !== undefined && point.enabled[0] === last
}
