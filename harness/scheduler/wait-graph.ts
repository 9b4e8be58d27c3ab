import type { ActorId } from '../history.ts'

/** Who waits for whom: each waiting actor with those it waits for. */
export type WaitGraph = ReadonlyMap<ActorId, readonly ActorId[]>

/** Everyone who waits for `actor`, directly or through others. */
export function queueBehind(actor: ActorId, graph: WaitGraph): ActorId[] {
  return [...graph.keys()].filter((waiter) => waiter !== actor && reaches(waiter, actor, graph))
}

/** Whether some actors wait for one another in a circle: the database has to break it. */
export function hasCycle(graph: WaitGraph): boolean {
  return [...graph.keys()].some((actor) => reaches(actor, actor, graph))
}

function reaches(from: ActorId, to: ActorId, graph: WaitGraph): boolean {
  const seen = new Set<ActorId>()
  const ahead = [...(graph.get(from) ?? [])]
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (next === to) return true
    if (seen.has(next)) continue
    seen.add(next)
    ahead.push(...(graph.get(next) ?? []))
  }
  return false
}
