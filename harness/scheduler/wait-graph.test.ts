import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasCycle, queueBehind, type WaitGraph } from './wait-graph.ts'

const actors = 5
const edges = fc.array(fc.tuple(fc.nat({ max: actors - 1 }), fc.nat({ max: actors - 1 })))

const graphOf = (waits: readonly (readonly [number, number])[]): WaitGraph => {
  const graph = new Map<number, number[]>()
  for (const [waiter, blocker] of waits) {
    graph.set(waiter, [...(graph.get(waiter) ?? []), blocker])
  }
  return graph
}

/** Who waits for whom through any number of others, by Warshall's algorithm. */
function closure(waits: readonly (readonly [number, number])[]): boolean[][] {
  const ids = Array.from({ length: actors }, (_, id) => id)
  const reach = ids.map((from) => ids.map((to) => waits.some(([a, b]) => a === from && b === to)))
  for (const via of ids) {
    for (const from of ids) {
      for (const to of ids) {
        if (reach[from]![via]! && reach[via]![to]!) reach[from]![to] = true
      }
    }
  }
  return reach
}

describe('queueBehind', () => {
  test('is empty when nobody waits', () => {
    expect(queueBehind(0, new Map())).toEqual([])
  })

  test('holds those who wait directly and through others, and not those ahead', () => {
    const graph = graphOf([
      [3, 2],
      [2, 1],
      [1, 0],
      [4, 0],
    ])
    expect(queueBehind(1, graph)).toEqual([3, 2])
    expect(queueBehind(0, graph)).toEqual([3, 2, 1, 4])
    expect(queueBehind(3, graph)).toEqual([])
  })

  test('of an actor in a circle does not hold the actor itself, and ends', () => {
    const circle = graphOf([
      [0, 1],
      [1, 0],
      [2, 0],
    ])
    expect(queueBehind(0, circle)).toEqual([1, 2])
    expect(queueBehind(2, circle)).toEqual([])
  })

  test('is the transitive closure of the waits, seen from its end', () => {
    fc.assert(
      fc.property(edges, fc.nat({ max: actors - 1 }), (waits, actor) => {
        const reach = closure(waits)
        const expected = reach.flatMap((row, waiter) =>
          row[actor] && waiter !== actor ? [waiter] : [],
        )
        const queue = queueBehind(actor, graphOf(waits))
        expect(new Set(queue)).toEqual(new Set(expected))
        expect(queue).toHaveLength(expected.length)
      }),
    )
  })
})

describe('hasCycle', () => {
  test('sees no circle in a queue, nor where two wait for the same one', () => {
    expect(hasCycle(new Map())).toBe(false)
    expect(
      hasCycle(
        graphOf([
          [0, 1],
          [1, 2],
          [3, 2],
          [0, 2],
        ]),
      ),
    ).toBe(false)
  })

  test('sees a circle of two, of three, and one that others only wait behind', () => {
    const two = [
      [0, 1],
      [1, 0],
    ] as const
    expect(hasCycle(graphOf(two))).toBe(true)
    expect(
      hasCycle(
        graphOf([
          [0, 1],
          [1, 2],
          [2, 0],
        ]),
      ),
    ).toBe(true)
    expect(hasCycle(graphOf([[4, 3], [3, 0], ...two]))).toBe(true)
  })

  test('agrees with the transitive closure', () => {
    fc.assert(
      fc.property(edges, (waits) => {
        const circular = closure(waits).some((row, actor) => row[actor])
        expect(hasCycle(graphOf(waits))).toBe(circular)
      }),
    )
  })
})
