import { afterAll, describe, test, type TestContext } from 'vitest'
import type { Lane } from '../databases/engine.ts'
import { describeIsolation } from '../databases/isolation.ts'
import type { DatabaseServer } from '../databases/server.ts'
import { checkOptions, explore, type ExploreOptions } from '../explore.ts'
import { explorers } from '../explorers/index.ts'
import type { Explorer } from '../explorers/explorer.ts'
import { faultsNamed, needsDurability, type FaultScope } from '../faults/index.ts'
import { byName } from '../names.ts'
import type { Strategy } from '../strategy.ts'
import type { Exploration } from '../verdict.ts'
import { cellsOf, type Cell, type Wanted } from './cells.ts'
import { whyUnexpected, type Expected } from './judgement.ts'
import { drawSeed } from './seed.ts'
import { obtain, TestServers, type Missing } from './servers.ts'

/** Parts of an exploration that a test may choose. */
type Searching = Pick<
  ExploreOptions,
  | 'grains'
  | 'schedules'
  | 'timeBudgetMs'
  | 'seed'
  | 'actors'
  | 'scenario'
  | 'preemptions'
  | 'invariants'
  | 'selfCheckEvery'
>

/** Where a strategy is tested, how long, and what is to come of it. All of it has a default. */
export interface StrategyTestOptions extends Wanted, Searching {
  /** Name of the explorer that picks the schedules, or one of your own. By default `random`. */
  readonly explorer?: string | Explorer | undefined
  /**
   * `holds` (the default) passes when no schedule broke what is judged; `violated`, when one did, and
   * did so again: that a strategy known to be unsafe is found out. Neither passes when a run could
   * not be judged.
   */
  readonly expect?: Expected | undefined
  /**
   * How much goes wrong besides, by name: see {@link faultScopes}. `none` by default. With `all`, each
   * test has a server of its own, which is killed.
   */
  readonly faults?: FaultScope | undefined
  /** The file that exports the strategy as default, for the line that replays a counterexample. */
  readonly file?: string | undefined
}

const servers = new TestServers()

/** How long a server may take to start, and a counterexample to be made small and repeated. */
const besidesMs = 300_000
/** For a search that only its number of schedules ends. */
const longestSearchMs = 600_000

/**
 * Declares vitest tests that put a strategy to the test: one for each database and isolation level.
 *
 * A test fails with the counterexample, its lanes and the line that replays it. It fails, too, when
 * nothing could be judged: no database, a limit, a strategy that hangs. A database that is `optional`
 * and missing is skipped with the reason, unless there is none at all. All tests of a file share one
 * server for each engine, which stops when they are through.
 *
 * @throws {UsageError} when an option names something that does not exist, or nothing is asked for.
 */
export function testStrategy(strategy: Strategy, options: StrategyTestOptions = {}): void {
  const { expect: expected = 'holds', file } = options
  const declared = framesBelow(testStrategy)
  const cells = cellsOf(strategy, options)
  const search = searchOf(strategy, options)
  checkOptions(search)
  const timeout = (options.timeBudgetMs ?? longestSearchMs) + besidesMs
  // Runs after all tests of the file, or of the suite that this call is in.
  afterAll(() => servers.stop(), besidesMs)

  describe(`${strategy.workload.name}/${strategy.name}`, () => {
    test.for(cells.map((cell) => [describeCell(cell), cell] as const))(
      `${verbs[expected]} on %s`,
      { timeout },
      async ([, cell], context) => {
        const isKilled = needsDurability(search.faults ?? [])
        const server = await serverFor(cell, cells, context, declared, isKilled)
        const exploring = exploreOn(server, cell, (lane) =>
          explore({ ...search, lane, signal: context.signal }),
        )
        const exploration = await (isKilled ? thenStopping(server, exploring) : exploring)
        for (const { kind, reason } of exploration.faultsNotRun ?? []) {
          process.stderr.write(`${strategy.name}: ${kind} was not run: ${reason}.\n`)
        }
        const complaint = whyUnexpected(strategy.workload, exploration, expected, file)
        if (complaint !== undefined) throw failure(complaint, declared)
      },
    )
  })
}

const verbs = { holds: 'holds', violated: 'is violated' } as const satisfies Record<
  Expected,
  string
>

const describeCell = ({ engine, ...setting }: Cell): string =>
  `${engine.title} at ${describeIsolation(setting)}`

/** Where the tests are is of no interest to the search. */
function searchOf(strategy: Strategy, options: StrategyTestOptions): Omit<ExploreOptions, 'lane'> {
  const { explorer: named = 'random' } = options
  const explorer = typeof named === 'string' ? byName('explorer', explorers, named) : named
  const seed = options.seed ?? (explorer.kind === 'sampling' ? drawSeed() : undefined)
  return { ...options, strategy, explorer, seed, faults: faultsNamed(options.faults ?? 'none') }
}

/**
 * @param isKilled whether it has to be the test's own, who stops it
 * @throws {Error} when there is none, unless it may be missing and there is another one.
 */
async function serverFor(
  { engine, optional }: Cell,
  cells: readonly Cell[],
  context: TestContext,
  declared: string,
  isKilled: boolean,
): Promise<DatabaseServer> {
  const server = await (isKilled ? obtain(engine, { durable: true }) : servers.of(engine))
  if (!('missing' in server)) return server
  if (optional && (await isAnyThere(cells))) context.skip(server.missing)
  throw failure(`inconclusive: nothing could be run.\n${server.missing}\n`, declared)
}

async function isAnyThere(cells: readonly Cell[]): Promise<boolean> {
  const all: (DatabaseServer | Missing)[] = await Promise.all(
    cells.map(({ engine }) => servers.of(engine)),
  )
  return all.some((each) => !('missing' in each))
}

async function thenStopping<T>(server: DatabaseServer, work: Promise<T>): Promise<T> {
  try {
    return await work
  } finally {
    await server.stop()
  }
}

async function exploreOn(
  server: DatabaseServer,
  { engine, isolation, snapshotIsolation }: Cell,
  search: (lane: Lane) => Promise<Exploration>,
): Promise<Exploration> {
  const lane = await engine.openLane(server, { isolation, snapshotIsolation })
  try {
    return await search(lane)
  } finally {
    // A server that is lost by now has made the verdict inconclusive.
    await lane.close().catch(() => undefined)
  }
}

/** The frames of whoever called the function, as they stand below the message of an error. */
function framesBelow(called: (...args: never[]) => unknown): string {
  const trace = { stack: '' }
  Error.captureStackTrace(trace, called)
  return trace.stack.split('\n').slice(1).join('\n')
}

/** Where in Lockstep a test has failed tells nobody anything; where it was declared does. */
function failure(message: string, frames: string): Error {
  const error = new Error(message)
  error.name = 'Lockstep'
  error.stack = `${error.name}: ${message}\n${frames}`
  return error
}
