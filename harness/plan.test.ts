import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { random } from './explorers/random.ts'
import {
  defaultAttempts,
  defaultBounds,
  planArbitrary,
  type Plan,
  type PlanBounds,
} from './plan.ts'
import { workloads } from './workloads/index.ts'

const bounds: fc.Arbitrary<PlanBounds> = fc.record({
  actors: fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.nat({ max: 3 }))
    .map(([min, more]) => ({ min, max: min + more })),
  commands: fc.integer({ min: 1, max: 4 }),
})

const lengthsOf = ({ actors }: Plan): number[] => actors.map((commands) => commands.length)

describe.each(workloads)('a generated plan of $name', (workload) => {
  test('is within its bounds', () => {
    const plans = bounds.chain((bound) =>
      fc.tuple(fc.constant(bound), planArbitrary(workload, random.schedule, bound)),
    )
    fc.assert(
      fc.property(plans, ([{ actors, commands }, plan]) => {
        expect(plan.actors.length).toBeGreaterThanOrEqual(actors.min)
        expect(plan.actors.length).toBeLessThanOrEqual(actors.max)
        for (const length of lengthsOf(plan)) {
          expect(length).toBeGreaterThanOrEqual(1)
          expect(length).toBeLessThanOrEqual(commands)
        }
        expect(plan.attempts).toBe(defaultAttempts)
      }),
    )
  })

  test('holds what its workload accepts', () => {
    const { state, command } = workload.schema
    fc.assert(
      fc.property(planArbitrary(workload, random.schedule), ({ initial, actors }) => {
        expect(state.safeParse(initial).success).toBe(true)
        for (const each of actors.flat()) expect(command.safeParse(each).success).toBe(true)
      }),
    )
  })
})

describe('generated plans', () => {
  const plans = planArbitrary(workloads[0]!, random.schedule)

  /** What fast-check shrinks a failing plan to. */
  function smallest(fails: (plan: Plan) => boolean): Plan {
    const property = fc.property(plans, (plan) => !fails(plan))
    const { counterexample } = fc.check(property, { seed: 1 })
    if (!counterexample) throw new Error('No plan failed.')
    return counterexample[0]
  }

  test('use their bounds to the full', () => {
    const drawn = fc.sample(plans, { seed: 1, numRuns: 300 })
    const actors = new Set(drawn.map((plan) => plan.actors.length))
    expect(actors).toEqual(new Set([2, 3, 4]))
    expect(new Set(drawn.flatMap(lengthsOf))).toEqual(new Set([1, 2, 3]))
    expect(defaultBounds).toEqual({ actors: { min: 2, max: 4 }, commands: 3 })
  })

  test('shrink to the fewest actors and commands, and to no choice', () => {
    const shrunk = smallest(() => true)
    expect(lengthsOf(shrunk)).toEqual([1, 1])
    expect(shrunk.schedule).toEqual([])
    expect(shrunk.initial).toEqual({
      coupon: [{ id: 1, code: 'C1', active: true, cap: null }],
      redemption: [],
    })
  })

  test('hold no fault, unless they are to', () => {
    for (const plan of fc.sample(plans, { seed: 1, numRuns: 50 })) {
      expect(plan).not.toHaveProperty('faults')
    }
  })

  test('hold faults of the kinds that are asked for, of actors that are there', () => {
    const kinds = ['client-dies', 'answer-lost'] as const
    const faulty = planArbitrary(workloads[0]!, random.schedule, defaultBounds, kinds)
    const drawn = fc.sample(faulty, { seed: 1, numRuns: 300 })
    expect(new Set(drawn.map(({ faults = [] }) => faults.length))).toEqual(new Set([0, 1, 2]))
    const faults = drawn.flatMap((plan) => plan.faults ?? [])
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(kinds))
    expect(new Set(faults.map(({ step }) => step)).size).toBe(12)
    for (const { actors, faults: own = [] } of drawn) {
      for (const { actor } of own) expect(actor).toBeLessThan(actors.length)
    }
  })

  test('shrink to no fault, and to the one that the failure needs, at the first step', () => {
    const faulty = planArbitrary(workloads[0]!, random.schedule, defaultBounds, ['answer-lost'])
    const check = (fails: (plan: Plan) => boolean): Plan | undefined =>
      fc.check(
        fc.property(faulty, (plan) => !fails(plan)),
        { seed: 1 },
      ).counterexample?.[0]
    expect(check(() => true)).not.toHaveProperty('faults')
    expect(check(({ faults = [] }) => faults.length > 0)?.faults).toEqual([
      { actor: 0, step: 0, kind: 'answer-lost' },
    ])
  })

  test('keep of the schedule only what the failure needs', () => {
    expect(smallest(({ schedule }) => (schedule[3] ?? 0) > 0).schedule).toEqual([0, 0, 0, 1])
  })
})
