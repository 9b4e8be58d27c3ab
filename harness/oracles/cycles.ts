import type { Dependency } from './dependencies.ts'

/** What the dependencies are between: transactions, or whole commands. */
export interface Edge<Unit> {
  readonly from: Unit
  readonly to: Unit
  readonly dependency: Dependency
}

/** Dependencies of which each begins where the one before it ends, and the first where the last does. */
export type Cycle<Unit> = readonly Edge<Unit>[]

/** Cycles are looked for in so many units at once: longer ones hold no other kinds of anomaly. */
const longestCycle = 4

/** So many cycles tell all there is to tell. */
const mostCycles = 2_000

/** Every cycle in which each unit occurs once, from the shortest on. */
export function cyclesIn<Unit>(edges: readonly Edge<Unit>[]): Cycle<Unit>[] {
  const between = groupByEnds(edges)
  const units = [...between.keys()]
  const cycles: Cycle<Unit>[] = []
  for (let length = 2; length <= longestCycle; length++) {
    for (const [place, start] of units.entries()) {
      // A cycle is found once, from that of its units that comes first.
      const later = new Set(units.slice(place + 1))
      walk(start, [], later, length, between, cycles)
    }
  }
  return cycles
}

type Between<Unit> = ReadonlyMap<Unit, ReadonlyMap<Unit, readonly Edge<Unit>[]>>

function walk<Unit>(
  start: Unit,
  path: readonly Edge<Unit>[],
  unused: ReadonlySet<Unit>,
  length: number,
  between: Between<Unit>,
  cycles: Cycle<Unit>[],
): void {
  const here = path.at(-1)?.to ?? start
  for (const [next, edges] of between.get(here) ?? []) {
    const isLast = path.length === length - 1
    if (isLast ? next !== start : !unused.has(next)) continue
    for (const edge of edges) {
      if (cycles.length >= mostCycles) return
      if (isLast) cycles.push([...path, edge])
      else walk(start, [...path, edge], without(unused, next), length, between, cycles)
    }
  }
}

const without = <Unit>(units: ReadonlySet<Unit>, one: Unit): ReadonlySet<Unit> =>
  new Set([...units].filter((unit) => unit !== one))

/** Of edges that say the same, the first is enough. */
function groupByEnds<Unit>(edges: readonly Edge<Unit>[]): Between<Unit> {
  const between = new Map<Unit, Map<Unit, Edge<Unit>[]>>()
  for (const edge of edges) {
    if (edge.from === edge.to) continue
    const targets = between.get(edge.from) ?? new Map<Unit, Edge<Unit>[]>()
    between.set(edge.from, targets)
    const known = targets.get(edge.to) ?? []
    targets.set(edge.to, known)
    if (!known.some((each) => isAlike(each.dependency, edge.dependency))) known.push(edge)
  }
  return between
}

const isAlike = (one: Dependency, other: Dependency): boolean =>
  one.kind === other.kind &&
  one.table === other.table &&
  one.row === other.row &&
  one.isPredicate === other.isPredicate &&
  one.isDirty === other.isDirty &&
  one.isCertain === other.isCertain
