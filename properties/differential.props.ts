import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { byName, engines, type Engine, type IsolationLevel, type Lane } from '../harness/index.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { schedules, seed } from './budget.ts'
import { cellsOf, describeCell, platforms, type Cell, type Platform } from './cells.ts'
import { scriptTrial } from './differential/arbitrary.ts'
import { inTransaction, onItsOwn, toSearch, type ScriptTrial } from './differential/script.ts'
import { outcomesOf, searchBothWays } from './reduction.ts'

/** For each cell: about 20 seconds for an engine, or less where less is asked for. */
const timeBudgetMs = Math.min(4_000, schedules * 160)
/** More than there is time for. */
const mostTrials = 1_000

/**
 * Statements that mean nothing, sent by two or three actors: whatever can come of them in any
 * schedule, a reduced search has to find, and schedules of one class have to come to the same.
 */
describe.each(platforms)('what can come of random statements on %s', (platform) => {
  const cells = cellsOf(platform)
  const engine = engineOf(cells[0]!)

  describe.skipIf(whyMissing(engine) !== undefined)('is found by a reduced search', () => {
    test.each(cells.map((cell) => [describeCell(cell), cell] as const))(
      'on %s',
      async (_, cell) => {
        const lane = await openLaneAt(cell, engine)
        const deadline = performance.now() + timeBudgetMs
        let trials = 0
        let hasFailed = false
        try {
          await fc.assert(
            fc.asyncProperty(scriptTrial(engine.name), async (trial) => {
              if (trials > 0 && !hasFailed && performance.now() > deadline) return
              trials += 1
              try {
                await expectSame(lane, trial)
              } catch (error) {
                hasFailed = true // what follows makes it smaller, and takes its time
                throw error
              }
            }),
            { seed, numRuns: mostTrials },
          )
        } finally {
          await lane.close()
        }
        expect(trials).toBeGreaterThan(0)
      },
    )
  })
})

async function expectSame(lane: Lane, trial: ScriptTrial): Promise<void> {
  const { full, few } = await searchBothWays(lane, toSearch(trial))
  expect(outcomesOf(few)).toEqual(outcomesOf(full))
  expect([...few.classes.keys()].toSorted()).toEqual([...full.classes.keys()].toSorted())
  expect(full.classes.values().find((outcomes) => outcomes.size > 1)).toBeUndefined()
}

function engineOf({ engine }: Cell): Engine {
  return byName('database', engines, engine)
}

const readTwice = inTransaction('SELECT v FROM s', 'SELECT v FROM s')
const rows = 'id INT PRIMARY KEY, v INT NOT NULL, u INT'
/** Of this database alone: others on the same server are at work meanwhile, and lock too. */
const watched = `SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

/** Each of these has fooled a search that took what a statement touches from its text alone. */
const traps: readonly (readonly [string, readonly Platform[], IsolationLevel, ScriptTrial])[] = [
  [
    'a SELECT that needs no look into its table, and takes no snapshot',
    ['mysql', 'mariadb'],
    'repeatable-read',
    {
      actors: [
        [
          inTransaction(
            'SELECT v FROM t WHERE id = NULL',
            'UPDATE s SET v = 100 WHERE id = 1',
            'SELECT v FROM t',
          ),
        ],
        [
          onItsOwn(
            'SELECT v FROM s WHERE id = 1 FOR UPDATE SKIP LOCKED',
            'UPDATE t SET v = 9 WHERE id = 1',
          ),
        ],
      ],
    },
  ],
  [
    'a DELETE from two tables',
    ['mysql', 'mariadb'],
    'read-committed',
    { actors: [[onItsOwn('DELETE t, s FROM t JOIN s ON t.id = s.id')], [readTwice]] },
  ],
  [
    'an UPDATE of joined tables that does not say whose column it sets',
    ['mysql', 'mariadb'],
    'read-committed',
    {
      tables: {
        t: [`CREATE TABLE t (${rows})`],
        s: [`CREATE TABLE s (${rows}, w INT)`],
      },
      actors: [
        [onItsOwn('UPDATE t JOIN s ON t.id = s.id SET w = 77')],
        [inTransaction('SELECT w FROM s', 'SELECT w FROM s')],
      ],
    },
  ],
  [
    'one lock that two wait for, but not for as long',
    ['mysql', 'mariadb'],
    'repeatable-read',
    {
      actors: [
        [onItsOwn('SELECT GET_LOCK(1, 10)', 'SELECT RELEASE_LOCK(1)')],
        [onItsOwn('SELECT IS_FREE_LOCK(1)', 'SELECT GET_LOCK(1, 0)', 'SELECT RELEASE_LOCK(1)')],
      ],
    },
  ],
  [
    'a table without transactions',
    ['mysql', 'mariadb'],
    'read-committed',
    {
      tables: {
        t: [`CREATE TABLE t (${rows})`],
        s: [`CREATE TABLE s (${rows}) ENGINE = MyISAM`],
      },
      actors: [
        [inTransaction('INSERT INTO s (id, v) VALUES (7, 7)')],
        [onItsOwn('SELECT v FROM s', 'SELECT v FROM s')],
      ],
    },
  ],
  [
    'a comment that is done',
    ['mysql', 'mariadb'],
    'read-committed',
    {
      actors: [
        [inTransaction('SELECT v FROM t WHERE id = 1 /*! FOR UPDATE */')],
        [onItsOwn(...Array(2).fill('SELECT v FROM t FOR UPDATE SKIP LOCKED'))],
      ],
    },
  ],
  [
    'a view that is made together with a table',
    ['postgres'],
    'read-committed',
    {
      tables: {
        t: [`CREATE TABLE t (${rows}); CREATE VIEW w AS SELECT * FROM t`],
        s: [`CREATE TABLE s (${rows})`],
      },
      actors: [
        [onItsOwn('UPDATE t SET v = 5 WHERE id = 1')],
        [inTransaction('SELECT v FROM w', 'SELECT v FROM w')],
      ],
    },
  ],
  [
    'a table of the server itself',
    ['postgres'],
    'read-committed',
    {
      actors: [
        [inTransaction('SELECT pg_advisory_xact_lock(1)')],
        [inTransaction(watched, watched)],
      ],
    },
  ],
  [
    'a transaction that is SERIALIZABLE and READ ONLY',
    ['postgres'],
    'read-committed',
    {
      actors: [
        [
          onItsOwn(
            'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY',
            'SELECT v FROM s',
            'SELECT pg_try_advisory_lock(5)',
            'SELECT v FROM t',
            'COMMIT',
          ),
        ],
        [onItsOwn('SELECT pg_try_advisory_lock(5)', 'UPDATE t SET v = 9 WHERE id = 1')],
      ],
    },
  ],
  [
    'a level that is set in vain',
    ['postgres'],
    'read-committed',
    {
      actors: [
        [
          onItsOwn(
            'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ',
            'BEGIN',
            'SELECT v FROM t',
            'SELECT v FROM t',
            'COMMIT',
          ),
        ],
        [onItsOwn('UPDATE t SET v = 9 WHERE id = 1')],
      ],
    },
  ],
  [
    'a transaction that is begun twice',
    ['postgres'],
    'read-committed',
    {
      actors: [[inTransaction('UPDATE s SET v = 9 WHERE id = 1', 'BEGIN')], [readTwice]],
    },
  ],
]

const placed = traps.flatMap(([name, on, isolation, trial]) =>
  on.map((platform) => {
    const cell = cellsOf(platform).find((each) => each.isolation === isolation)!
    return { title: `${name}, on ${describeCell(cell)}`, cell, trial }
  }),
)

describe.each(placed)('$title', ({ cell, trial }) => {
  const engine = engineOf(cell)
  let lane: Lane
  beforeAll(async () => {
    if (whyMissing(engine) === undefined) lane = await openLaneAt(cell, engine)
  })
  afterAll(() => lane?.close())

  test.skipIf(whyMissing(engine) !== undefined)('does not fool a reduced search', async () => {
    await expectSame(lane, trial)
  })
})
