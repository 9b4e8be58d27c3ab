import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leastOrder } from '../coverage.ts'
import { HarnessFault } from '../errors.ts'
import type { Setting } from '../footprints/setting.ts'
import { TransitionReader } from '../footprints/transitions.ts'
import { exhaustive } from './exhaustive.ts'
import type { SystematicExplorer } from './explorer.ts'
import {
  runOnDatabase,
  type DatabaseProgram,
  type DatabaseRun,
  type Operation,
} from './fixtures/simulated-database.ts'
import { idle, simulate } from './fixtures/simulated-run.ts'
import { programArbitrary, runAll, runProgram } from './laws.ts'
import { reduced } from './reduced.ts'

type Isolation = 'read-committed' | 'repeatable-read'

const settingAt = (isolation: Isolation): Setting => ({
  engine: 'postgres',
  isolation,
  schema: tables.map((table) => `CREATE TABLE ${table} (v INT)`),
})
const tables = ['x', 'y', 'z', 't', 'u']

/** All runs of a search. */
function runsOf(
  explorer: SystematicExplorer,
  program: DatabaseProgram,
  isolation: Isolation = 'read-committed',
): { readonly runs: readonly DatabaseRun[]; readonly redundant: number } {
  const search = explorer.search({ setting: settingAt(isolation) })
  const runs: DatabaseRun[] = []
  for (let choose = search.next(); choose; choose = search.next()) {
    const run = runOnDatabase(program, isolation, choose)
    search.ran?.(run.history)
    runs.push(run)
  }
  return { runs, redundant: search.redundant ?? 0 }
}

const classOf = ({ history }: DatabaseRun, isolation: Isolation): string =>
  leastOrder(new TransitionReader(settingAt(isolation)).read(history)).join('')

const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].toSorted()

const begin: Operation = { kind: 'begin' }
const commit: Operation = { kind: 'commit' }
const rollback: Operation = { kind: 'rollback' }
const read = (table: string): Operation => ({ kind: 'read', table })
const lock = (table: string): Operation => ({ kind: 'lock', table })
const write = (table: string): Operation => ({ kind: 'write', table })

describe('finds one schedule of each class', () => {
  /** Each actor does one command. */
  const once = (...actors: readonly (readonly Operation[])[]) => actors.map((each) => [each])

  test.each<readonly [string, DatabaseProgram, { all: number; classes: number }]>([
    // Whether one had ended when the other began, and who ended first.
    [
      'of readers',
      once([read('x'), read('y'), read('z')], [read('x'), read('y'), read('z')]),
      { all: 20, classes: 4 },
    ],
    ['of one step each', once([read('x')], [read('y')], [read('z')]), { all: 6, classes: 6 }],
    ['of one actor', once([write('x'), read('x'), write('y')]), { all: 1, classes: 1 }],
    [
      'of writers to one table',
      once([write('x'), write('x')], [write('x'), write('x')]),
      { all: 6, classes: 6 },
    ],
    [
      'of writers who only end at once',
      once([write('x'), read('x')], [write('y'), read('y')]),
      { all: 6, classes: 6 },
    ],
    // Two orders of the locks, and in each whether the other had begun, and whether it waited.
    [
      'of transactions with one lock',
      once([begin, lock('x'), commit], [begin, lock('x'), commit]),
      { all: 14, classes: 6 },
    ],
    [
      'of transactions that read',
      once([begin, read('x'), commit], [begin, read('x'), commit]),
      { all: 20, classes: 4 },
    ],
    [
      'of what is rolled back',
      once([begin, write('x'), rollback], [begin, read('x'), commit]),
      { all: 20, classes: 4 },
    ],
    [
      'of what is committed',
      once([begin, write('x'), commit], [begin, read('x'), commit]),
      { all: 20, classes: 5 },
    ],
    [
      'of a deadlock',
      once([begin, lock('x'), lock('y'), commit], [begin, lock('y'), lock('x'), commit]),
      { all: 42, classes: 10 },
    ],
  ])('%s', (_, program, { all, classes }) => {
    const full = runsOf(exhaustive, program).runs
    const { runs, redundant } = runsOf(reduced, program)
    expect(full).toHaveLength(all)
    expect(new Set(full.map((run) => classOf(run, 'read-committed'))).size).toBe(classes)
    expect(runs.length - redundant).toBe(classes)
  })
})

describe('on random programs', () => {
  const table = fc.constantFrom('x', 'y')
  const operation: fc.Arbitrary<Operation> = fc.record({
    kind: fc.constantFrom('read', 'lock', 'write'),
    table,
  })
  const alone = operation.map((each) => [each])
  const inside = fc
    .tuple(fc.array(operation, { minLength: 1, maxLength: 2 }), fc.constantFrom(commit, rollback))
    .map(([operations, end]) => [begin, ...operations, end])
  const command = fc.oneof({ arbitrary: inside, weight: 3 }, alone)
  const two = fc.tuple(
    fc.array(command, { minLength: 1, maxLength: 2 }),
    fc.array(command, { minLength: 1, maxLength: 1 }),
  )
  const three = fc
    .tuple(command, fc.oneof(alone, inside), alone)
    .map((each) => each.map((one) => [one]))

  test.each(['read-committed', 'repeatable-read'] as const)(
    'every class of %s is found, nothing else, and with it every outcome',
    (isolation) => {
      let [all, few] = [0, 0]
      fc.assert(
        fc.property(fc.oneof(two, three), (program) => {
          const full = runsOf(exhaustive, program, isolation).runs
          const { runs } = runsOf(reduced, program, isolation)
          expect(sorted(runs.map(({ outcome }) => outcome))).toEqual(
            sorted(full.map(({ outcome }) => outcome)),
          )
          const classes = (of: readonly DatabaseRun[]) =>
            sorted(of.map((run) => classOf(run, isolation)))
          expect(classes(runs)).toEqual(classes(full))
          all += full.length
          few += runs.length
        }),
        { numRuns: 50 },
      )
      expect(all / few).toBeGreaterThan(2)
    },
  )

  test('runs of one class have one outcome', () => {
    fc.assert(
      fc.property(fc.oneof(two, three), (program) => {
        const outcomes = new Map<string, string>()
        for (const run of runsOf(exhaustive, program).runs) {
          const id = classOf(run, 'read-committed')
          expect(outcomes.get(id) ?? run.outcome).toBe(run.outcome)
          outcomes.set(id, run.outcome)
        }
      }),
      { numRuns: 20 },
    )
  })
})

test('where nothing is known of the steps, every schedule is tried', () => {
  fc.assert(
    fc.property(programArbitrary(3, 2), (program) => {
      const orders = (explorer: SystematicExplorer) =>
        runAll(explorer.search(), (choose) => runProgram(program, choose)).map(({ order }) =>
          order.join(''),
        )
      expect(orders(reduced).toSorted()).toEqual(orders(exhaustive).toSorted())
    }),
  )
})

describe('a run that is not deterministic', () => {
  const run = (steps: readonly number[], choose: Parameters<typeof simulate>[1]) =>
    simulate(steps.map(idle), choose)

  test('is refused when others are enabled after the same choices', () => {
    const search = reduced.search()
    search.ran?.(run([2, 2], search.next()!).history)
    const again = search.next()!
    expect(() => run([1, 2], again)).toThrow(
      /^The same choices led to another situation at step 2: /,
    )
  })

  test('is refused when it ends before the point at which it should differ', () => {
    const search = reduced.search()
    search.ran?.(run([2, 2], search.next()!).history)
    search.ran?.(run([], search.next()!).history)
    expect(() => search.next()).toThrow(HarnessFault)
  })
})

test('refuses to go on without being told what its runs came to', () => {
  const search = reduced.search()
  const choose = search.next()!
  expect(() => choose({ step: 1, enabled: [0], requests: [{ kind: 'sleep', ms: 1 }] })).toThrow(
    'A search that is reduced has to be told what happens in its runs, and what they come to.',
  )
  simulate([idle(1)], choose)
  expect(() => search.next()).toThrow(HarnessFault)
})
