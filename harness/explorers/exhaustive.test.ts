import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HarnessFault } from '../errors.ts'
import type { ActorId } from '../history.ts'
import type { Chooser } from '../scheduler/choice.ts'
import { exhaustive } from './exhaustive.ts'
import type { SearchBounds } from './explorer.ts'
import { idle, simulate, type SimulatedRun } from './fixtures/simulated-run.ts'
import { programArbitrary, runAll, runProgram, type Program } from './laws.ts'

type Order = readonly ActorId[]

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

/** How many steps each actor takes: no more than a few hundred schedules in all. */
const lengths = fc
  .array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 3 })
  .filter((steps) => sum(steps) <= 7)

const runIdle = (steps: readonly number[], choose: Chooser): SimulatedRun =>
  simulate(steps.map(idle), choose)

const found = (steps: readonly number[], bounds?: SearchBounds): Order[] =>
  runAll(exhaustive.search(bounds), (choose) => runIdle(steps, choose)).map(({ order }) => order)

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

const multinomial = (steps: readonly number[]): number =>
  steps.reduce((quotient, n) => quotient / factorial(n), factorial(sum(steps)))

/** Every order of so many steps, by writing down each next actor in all ways. */
function interleavings(steps: readonly number[]): Order[] {
  if (steps.every((left) => left === 0)) return [[]]
  return steps.flatMap((left, actor) =>
    left === 0 ? [] : interleavings(steps.with(actor, left - 1)).map((order) => [actor, ...order]),
  )
}

const isSwitch = (order: Order, index: number): boolean =>
  index > 0 && order[index] !== order[index - 1]

const switchesOf = (order: Order): number =>
  order.filter((_, index) => isSwitch(order, index)).length

/** Switches away from an actor that takes another step later. */
const preemptionsOf = (order: Order): number =>
  order.filter(
    (_, index) => isSwitch(order, index) && order.lastIndexOf(order[index - 1]!) >= index,
  ).length

const asText = (orders: readonly Order[]): string[] =>
  orders.map((order) => order.join()).toSorted()

describe('without waits and bounds', () => {
  test.each([
    { steps: [5, 5], schedules: 252 },
    { steps: [3, 3, 3], schedules: 1_680 },
    { steps: [2, 3, 4], schedules: 1_260 },
    { steps: [1, 1, 1, 1], schedules: 24 },
    { steps: [7], schedules: 1 },
    { steps: [0, 4], schedules: 1 },
  ])('actors with $steps steps have $schedules schedules', ({ steps, schedules }) => {
    expect(multinomial(steps)).toBe(schedules)
    expect(found(steps)).toHaveLength(schedules)
  })

  test('the number of schedules is the multinomial coefficient', () => {
    fc.assert(
      fc.property(lengths, (steps) => {
        expect(found(steps)).toHaveLength(multinomial(steps))
      }),
    )
  })

  test('the schedules are those that one writes down by hand', () => {
    fc.assert(
      fc.property(lengths, (steps) => {
        expect(asText(found(steps))).toEqual(asText(interleavings(steps)))
      }),
    )
  })

  test('the first schedule is the serial one, and the next differs from it at the end', () => {
    expect(found([2, 2])).toEqual([
      [0, 0, 1, 1],
      [0, 1, 1, 0],
      [0, 1, 0, 1],
      [1, 1, 0, 0],
      [1, 0, 0, 1],
      [1, 0, 1, 0],
    ])
  })

  test('actors without a step have one schedule, the empty one', () => {
    expect(found([0, 0])).toEqual([[]])
  })
})

describe('with waits', () => {
  /** Tries every list of actors as an order, and keeps those in which nobody moved out of turn. */
  function ordersOf(program: Program): Order[] {
    const orders = new Map<string, Order>()
    for (const candidate of listsOf([...program.keys()], program.flat().length)) {
      const order = follow(program, candidate)
      if (order) orders.set(order.join(), order)
    }
    return [...orders.values()]
  }

  const listsOf = (actors: readonly ActorId[], length: number): Order[] =>
    length === 0
      ? [[]]
      : listsOf(actors, length - 1).flatMap((list) => actors.map((actor) => [...list, actor]))

  function follow(program: Program, wanted: Order): Order | undefined {
    let possible = true
    const { order } = runProgram(program, ({ step, enabled }) => {
      const index = enabled.indexOf(wanted[step - 1] ?? -1)
      if (index === -1) possible = false
      return Math.max(index, 0)
    })
    return possible ? order : undefined
  }

  test('every schedule is found, and nothing that cannot happen', () => {
    fc.assert(
      fc.property(programArbitrary(2, 3), (program) => {
        const orders = runAll(exhaustive.search(), (choose) => runProgram(program, choose))
        expect(asText(orders.map(({ order }) => order))).toEqual(asText(ordersOf(program)))
      }),
      { numRuns: 50 },
    )
  })

  test('who waits is not scheduled: two that begin with the same lock run one after the other', () => {
    const orders = runAll(exhaustive.search(), (choose) =>
      runProgram(
        [
          ['x', 'y'],
          ['x', 'y'],
        ],
        choose,
      ),
    )
    expect(orders.map(({ order }) => order.join(''))).toEqual(['0011', '0101', '1100', '1010'])
  })
})

describe('with a bound on preemptions', () => {
  test('gives exactly the schedules with no more of them', () => {
    fc.assert(
      fc.property(lengths, fc.nat({ max: 4 }), (steps, preemptions) => {
        const few = interleavings(steps).filter((order) => preemptionsOf(order) <= preemptions)
        expect(asText(found(steps, { preemptions }))).toEqual(asText(few))
      }),
    )
  })

  test('of none leaves the orders in which whole actors can run', () => {
    expect(asText(found([2, 2, 2], { preemptions: 0 }))).toEqual([
      '0,0,1,1,2,2',
      '0,0,2,2,1,1',
      '1,1,0,0,2,2',
      '1,1,2,2,0,0',
      '2,2,0,0,1,1',
      '2,2,1,1,0,0',
    ])
  })
})

describe('with a bound on context switches', () => {
  test('gives every schedule with no more of them', () => {
    fc.assert(
      fc.property(lengths, fc.nat({ max: 5 }), (steps, switches) => {
        const few = interleavings(steps).filter((order) => switchesOf(order) <= switches)
        const all = new Set(asText(found(steps, { switches })))
        for (const order of asText(few)) expect(all).toContain(order)
      }),
    )
  })

  test('where an actor ends with the bound used up, goes on in one way only', () => {
    /** The part of an order that was free to choose, if what follows it was not. */
    const chosenPart = (order: Order, switches: number): string | undefined => {
      const indexes = [...order.keys()].filter((index) => isSwitch(order, index))
      const cut = indexes[switches]
      if (cut === undefined) return order.join()
      return order.lastIndexOf(order[cut - 1]!) < cut ? order.slice(0, cut).join() : undefined
    }
    fc.assert(
      fc.property(lengths, fc.nat({ max: 4 }), (steps, switches) => {
        const parts = interleavings(steps).map((order) => chosenPart(order, switches))
        const expected = new Set(parts.filter((part) => part !== undefined))
        const orders = found(steps, { switches })
        expect(new Set(orders.map((order) => chosenPart(order, switches)))).toEqual(expected)
        expect(orders).toHaveLength(expected.size)
      }),
    )
  })

  test('of one leaves each actor in front of each other one, whole or in part', () => {
    expect(asText(found([2, 2], { switches: 1 }))).toEqual([
      '0,0,1,1',
      '0,1,1,0',
      '1,0,0,1',
      '1,1,0,0',
    ])
  })

  test('applies together with one on preemptions', () => {
    fc.assert(
      fc.property(lengths, fc.nat({ max: 2 }), (steps, preemptions) => {
        const both = found(steps, { preemptions, switches: 100 })
        expect(both).toEqual(found(steps, { preemptions }))
      }),
    )
  })
})

describe('a run that is not deterministic', () => {
  const message =
    'The same choices led to another situation at step 2: the run is not deterministic, so its schedules cannot be enumerated. Perhaps the strategy keeps something between runs, or the database chose among several actors that one commit released at once.'

  test('is refused when other actors are enabled after the same choices', () => {
    const search = exhaustive.search()
    runIdle([2, 2], search.next()!)
    const again = search.next()!
    expect(() => runIdle([1, 2], again)).toThrow(new HarnessFault(message))
  })

  test('is refused when an actor more is enabled', () => {
    const search = exhaustive.search()
    runIdle([2, 1], search.next()!)
    const again = search.next()!
    expect(() => runIdle([2, 1, 1], again)).toThrow(
      new HarnessFault(message.replace('step 2', 'step 1')),
    )
  })

  // A known fault: a deadlock victim that differs from run to run looks like this.
  test('is refused when the run ends before the point at which it should differ', () => {
    const search = exhaustive.search()
    runIdle([2, 2], search.next()!)
    runIdle([], search.next()!)
    expect(() => search.next()).toThrow(HarnessFault)
  })
})
