import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { engineNames } from '../databases/engine-name.ts'
import type { Outlook } from '../outlook.ts'
import type { Chooser } from '../scheduler/choice.ts'
import { exhaustive } from './exhaustive.ts'
import { UsageError } from '../errors.ts'
import type {
  Explorer,
  SamplingExplorer,
  Search,
  SearchBounds,
  SystematicExplorer,
} from './explorer.ts'
import { locking, simulate, type SimulatedRun } from './fixtures/simulated-run.ts'

/** The locks that each actor takes, one a step. */
export type Program = readonly (readonly (string | undefined)[])[]

/** More schedules than any of these programs has: a search that gives more does not end. */
const mostSchedules = 5_000

/** Few and short actors, which block each other, wait in circles, or do neither. */
export function programArbitrary(actors: number, steps: number): fc.Arbitrary<Program> {
  const step = fc.constantFrom('x', 'y', undefined)
  return fc.array(fc.array(step, { maxLength: steps }), { minLength: 1, maxLength: actors })
}

export const runProgram = (program: Program, choose: Chooser): SimulatedRun =>
  simulate(program.map(locking), choose)

/** The runs of a whole search. */
export function runAll(search: Search, run: (choose: Chooser) => SimulatedRun): SimulatedRun[] {
  const runs: SimulatedRun[] = []
  for (let choose = search.next(); choose; choose = search.next()) {
    if (runs.length === mostSchedules) throw new Error('The search does not end.')
    const done = run(choose)
    search.ran?.(done.history)
    runs.push(done)
  }
  return runs
}

/** What every explorer must keep to, whatever it is for. */
export function explorerLaws(explorer: Explorer): void {
  describe(`explorer ${explorer.name}`, () => {
    test('has a name to type and one sentence to describe it', () => {
      expect(explorer.name).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(explorer.summary).toMatch(/^[A-Z][^.]*\.$/)
    })
    if (explorer.kind === 'sampling') samplingLaws(explorer)
    else systematicLaws(explorer)
  })
}

/** Of the program that a run is of, or of another: an outlook may be wrong. */
const outlookArbitrary: fc.Arbitrary<Outlook> = fc.record({
  engine: fc.constantFrom(...engineNames),
  steps: fc.array(fc.nat({ max: 6 }), { maxLength: 5 }),
})

const outlookOf = (...steps: readonly number[]): Outlook => ({ engine: 'postgres', steps })

function samplingLaws(explorer: SamplingExplorer): void {
  const program = programArbitrary(4, 4)

  test('draws plain data', () => {
    fc.assert(
      fc.property(explorer.schedule, (schedule) => {
        expect(JSON.parse(JSON.stringify(schedule))).toEqual(schedule)
      }),
    )
  })

  test('answers with an index below the number of enabled actors', () => {
    fc.assert(
      fc.property(explorer.schedule, program, outlookArbitrary, (schedule, actors, outlook) => {
        runProgram(actors, checked(explorer.chooser(schedule, outlook)))
      }),
    )
  })

  test('gives the same answers for the same data', () => {
    fc.assert(
      fc.property(explorer.schedule, program, outlookArbitrary, (schedule, actors, outlook) => {
        const [first, second] = [1, 2].map(() =>
          runProgram(actors, explorer.chooser(schedule, outlook)),
        )
        expect(second).toEqual(first)
      }),
    )
  })

  test('reaches every schedule of a small program', () => {
    const two = programOf(2, 2)
    const orders = fc
      .sample(explorer.schedule, { seed: 1, numRuns: 1_000 })
      .map((schedule) => runProgram(two, explorer.chooser(schedule, outlookOf(2, 2))).order)
    const found = new Set(orders.map((order) => order.join('')))
    expect([...found].toSorted()).toEqual(['0011', '0101', '0110', '1001', '1010', '1100'])
  })

  test('reaches what a wait makes possible', () => {
    const locks = [
      ['x', undefined],
      [undefined, 'x'],
    ]
    const every = runAll(exhaustive.search(), (choose) => runProgram(locks, choose))
    const orders = fc
      .sample(explorer.schedule, { seed: 1, numRuns: 1_000 })
      .map((schedule) => runProgram(locks, explorer.chooser(schedule, outlookOf(2, 2))))
    expect(ordersIn(orders)).toEqual(ordersIn(every))
  })

  test('reaches more than one schedule whatever it is told to expect', () => {
    const two = programOf(3, 3)
    for (const steps of [[], [0, 0, 0], [1], [100, 1], [6, 0, 50, 3]]) {
      const orders = fc
        .sample(explorer.schedule, { seed: 1, numRuns: 100 })
        .map((schedule) =>
          runProgram(two, explorer.chooser(schedule, outlookOf(...steps))).order.join(''),
        )
      expect(new Set(orders).size).toBeGreaterThan(5)
    }
  })

  test('lets one actor after the other run when nothing or only zeros are drawn', () => {
    fc.assert(
      fc.property(fc.nat({ max: 200 }), outlookArbitrary, (length, outlook) => {
        const schedule = Array.from({ length }, () => 0)
        const { order } = runProgram(programOf(3, 3), explorer.chooser(schedule, outlook))
        expect(order.join('')).toBe('000111222')
      }),
    )
  })

  test('shrinks to one actor after the other', () => {
    const { counterexample } = fc.check(
      fc.property(explorer.schedule, () => false),
      { seed: 1 },
    )
    const schedules = (counterexample ?? []) as [(readonly number[])?]
    const choose = explorer.chooser(schedules[0] ?? [1], outlookOf(3, 3, 3))
    expect(runProgram(programOf(3, 3), choose).order.join('')).toBe('000111222')
  })
}

const ordersIn = (runs: readonly SimulatedRun[]): ReadonlySet<string> =>
  new Set(runs.map(({ order }) => order.join()))

/** Actors of so many steps that share nothing. */
const programOf = (actors: number, steps: number): Program =>
  Array.from({ length: actors }, () => Array.from({ length: steps }, () => undefined))

function systematicLaws(explorer: SystematicExplorer): void {
  const program = programArbitrary(3, 2)
  const bounds: fc.Arbitrary<SearchBounds> = explorer.takesBounds
    ? fc.record(
        { preemptions: fc.nat({ max: 3 }), switches: fc.nat({ max: 4 }) },
        { requiredKeys: [] },
      )
    : fc.constant({})

  test('answers with an index below the number of enabled actors', () => {
    fc.assert(
      fc.property(program, bounds, (actors, bound) => {
        runAll(explorer.search(bound), (choose) => runProgram(actors, checked(choose)))
      }),
    )
  })

  test('never gives the same schedule twice, and ends', () => {
    fc.assert(
      fc.property(program, bounds, (actors, bound) => {
        const orders = runAll(explorer.search(bound), (choose) => runProgram(actors, choose)).map(
          ({ order }) => order.join(),
        )
        expect(orders.length).toBeGreaterThan(0)
        expect(orders).toEqual([...new Set(orders)])
      }),
    )
  })

  test('walks the same way each time, and two searches do not disturb each other', () => {
    fc.assert(
      fc.property(program, (actors) => {
        const alone = runAll(explorer.search(), (choose) => runProgram(actors, choose))
        const other = explorer.search()
        const beside = runAll(explorer.search(), (choose) => {
          const chooseOther = other.next()
          if (chooseOther) other.ran?.(runProgram(actors, chooseOther).history)
          return runProgram(actors, choose)
        })
        expect(beside).toEqual(alone)
      }),
    )
  })

  test.skipIf(explorer.takesBounds)('refuses a bound', () => {
    for (const bound of [{ preemptions: 2 }, { switches: 0 }]) {
      expect(() => explorer.search(bound)).toThrow(UsageError)
    }
  })

  test('stays at its end', () => {
    const search = explorer.search()
    runAll(search, (choose) => runProgram([['x'], ['x']], choose))
    expect([search.next(), search.next()]).toEqual([undefined, undefined])
  })
}

/** Fails where a chooser answers with anything but an index into `enabled`. */
function checked(choose: Chooser): Chooser {
  return (point, history) => {
    const chosen = choose(point, history)
    expect(point.enabled.keys().toArray()).toContain(chosen)
    return chosen
  }
}
