import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, onTestFinished } from 'vitest'
import type { Lane } from '../databases/engine.ts'
import type { EngineName } from '../databases/engine-name.ts'
import type { EngineUnderTest, Outsider } from '../databases/engine-laws.ts'
import { renderStatement } from '../databases/statement.ts'
import { executeNaively } from '../concurrency/naive.ts'
import { explore } from '../explore.ts'
import { exhaustive } from '../explorers/exhaustive.ts'
import { random } from '../explorers/random.ts'
import type { History } from '../history.ts'
import { defaultLimits } from '../limits.ts'
import { ok, type Reply } from '../reply.ts'
import { executeRun, prepareLane } from '../run.ts'
import { renderTimeline } from '../report/timeline.ts'
import type { Plan } from '../plan.ts'
import { defineStrategy, type Strategy } from '../strategy.ts'
import { purchase } from '../workloads/purchase.ts'
import type { Purchase } from '../workloads/stock.ts'
import { defineApplication, type ActorsOf, type CallOptions } from './application.ts'
import { isConnectionLost, openPool, type Pool, type PoolConnection } from './fixtures/drivers.ts'
import { askingBy, askingOver, buy } from './fixtures/shop.ts'

type Lock = '' | ' FOR UPDATE'

const direct = (lock: Lock): Strategy =>
  defineStrategy({
    name: 'direct',
    workload: purchase,
    summary: 'Sends its statements through the session.',
    execute: (session, command) => session.transaction((tx) => buy(askingBy(tx), command, lock)),
  })

/** An application that does its commands with a pool. */
const pooled = (
  execute: (pool: Pool, command: Purchase, options: CallOptions) => Promise<Reply>,
  { actors = 'shared', size }: { actors?: ActorsOf; size?: number } = {},
): Strategy =>
  defineApplication({
    name: 'pooled',
    workload: purchase,
    summary: 'Sends its statements over a pool of its own.',
    actors,
    start: ({ url, engine, actors: count }) => openPool(engine, url, size ?? count),
    execute,
    stop: (pool) => pool.end(),
  })

/** With a pool over which it has sent these statements when it has started. */
const beginningWith = (...texts: readonly string[]): NonNullable<Strategy['application']> => ({
  actors: 'shared',
  start: async ({ url, engine, actors }) => {
    const pool = openPool(engine, url, actors)
    const connection = await pool.connect()
    for (const text of texts) await connection.query(text)
    connection.release()
    return pool
  },
  stop: (pool) => (pool as Pool).end(),
})

async function inTransaction(
  pool: Pool,
  body: (connection: PoolConnection) => Promise<Reply>,
): Promise<Reply> {
  const connection = await pool.connect()
  try {
    await connection.query('BEGIN')
    const reply = await body(connection)
    await connection.query(reply.kind === 'ok' ? 'COMMIT' : 'ROLLBACK')
    return reply
  } catch (error) {
    await connection.query('ROLLBACK')
    throw error
  } finally {
    connection.release()
  }
}

const shop = (lock: Lock, actors: ActorsOf = 'shared'): Strategy =>
  pooled(
    (pool, command) =>
      inTransaction(pool, (connection) => buy(askingOver(connection), command, lock)),
    { actors },
  )

/** Refuses by closing its connection, so that the server rolls back. */
const closing = pooled(async (pool, command) => {
  const connection = await pool.connect()
  let isBroken = true
  try {
    await connection.query('BEGIN')
    const reply = await buy(askingOver(connection), command, ' FOR UPDATE')
    if (reply.kind === 'ok') await connection.query('COMMIT')
    isBroken = reply.kind !== 'ok'
    return reply
  } finally {
    connection.release(isBroken)
  }
})

/** Closes a connection that holds a lock, and begins anew over another one at the same moment. */
const startingOver = pooled(
  async (pool, command) => {
    const [first, second] = [await pool.connect(), await pool.connect()]
    await first.query('BEGIN')
    await first.query('SELECT id FROM product WHERE id = ? FOR UPDATE', [command.productId])
    first.release(true)
    await second.query('BEGIN')
    const reply = await buy(askingOver(second), command, ' FOR UPDATE')
    await second.query('COMMIT')
    second.release()
    return reply
  },
  { size: 6 },
)

/** Tries again when the connection is lost, whatever became of the attempt before. */
const retrying = (hasKey: boolean): Strategy => ({
  ...pooled(async (pool, command, { attempts, requestId }) => {
    for (let attempt = 1; ; attempt++) {
      const connection = await pool.connect()
      let isBroken = true
      try {
        const ask = askingOver(connection)
        await ask('BEGIN')
        const [before] = hasKey
          ? await ask('SELECT id FROM request WHERE id = ? FOR UPDATE', requestId)
          : []
        const reply = before ? ok() : await buy(ask, command, ' FOR UPDATE')
        if (hasKey && !before && reply.kind === 'ok') {
          await ask('INSERT INTO request (id) VALUES (?)', requestId)
        }
        await ask(reply.kind === 'ok' ? 'COMMIT' : 'ROLLBACK')
        isBroken = false
        return reply
      } catch (error) {
        if (attempt === attempts || !isConnectionLost(error)) throw error
      } finally {
        connection.release(isBroken)
      }
    }
  }),
  schema: ['CREATE TABLE request (id VARCHAR(20) PRIMARY KEY)'],
})

/** What sessions have of their lane, and no server by itself. */
const laneSetting = {
  postgres: { question: 'SHOW plan_cache_mode', answer: 'force_generic_plan' },
  mysql: { question: 'SELECT @@transaction_isolation AS level', answer: 'READ-COMMITTED' },
  mariadb: { question: 'SELECT @@tx_isolation AS level', answer: 'READ-COMMITTED' },
} as const satisfies Record<EngineName, unknown>

const ownSetting = {
  postgres: {
    set: "SET work_mem = '77MB'",
    question: "SELECT 77 WHERE current_setting('work_mem') = '77MB'",
  },
  mysql: {
    set: 'SET SESSION net_retry_count = 77',
    question: 'SELECT @@net_retry_count AS number',
  },
  mariadb: {
    set: 'SET SESSION net_retry_count = 77',
    question: 'SELECT @@net_retry_count AS number',
  },
} as const satisfies Record<EngineName, unknown>

/** What happened, in words that do not depend on who sent it. */
const told = (history: History): string[] =>
  history
    .filter(({ kind }) => kind !== 'shares')
    .map((event) =>
      'request' in event && event.request.kind !== 'sleep'
        ? {
            ...event,
            request: {
              text: renderStatement(event.request.statement, () => '?'),
              params: event.request.statement.params,
              connection: event.request.connection,
            },
          }
        : event,
    )
    .map((event) => JSON.stringify(event))

async function everyHistory(
  lane: Lane,
  strategy: Strategy,
  scenario: string,
  actors = 2,
  preemptions?: number,
) {
  const histories: string[][] = []
  const exploration = await explore({
    lane,
    strategy,
    explorer: exhaustive,
    scenario,
    actors,
    preemptions,
    grains: ['statement'],
    invariants: ['stock-never-negative'],
    onRun: ({ history }) => histories.push(told(history)),
  })
  return { exploration, histories }
}

const explored = (lane: Lane, strategy: Strategy, scenario = 'last-item') =>
  explore({
    lane,
    strategy,
    explorer: exhaustive,
    scenario,
    grains: ['statement'],
    invariants: ['stock-never-negative'],
    limits: { ...defaultLimits, statementMs: 1_000, strategyMs: 1_000 },
  })

const startOf = (scenario: string, actors = 2): Plan => ({
  ...(purchase.scenarios.find(({ name }) => name === scenario) ?? purchase.scenarios[0]).start(
    actors,
  ),
  schedule: [],
  attempts: 3,
})

/** Where applications are run. */
type Place = Pick<EngineUnderTest, 'title' | 'missing' | 'open' | 'outsider'>

/** How many sessions there are in the lane's database. */
async function sessionsIn({ engine }: Lane, outsider: Outsider): Promise<number> {
  const answer = await outsider.ask(
    engine.name === 'postgres'
      ? 'SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE datname = current_database()'
      : 'SELECT COUNT(*) AS sessions FROM information_schema.PROCESSLIST WHERE DB = DATABASE()',
  )
  const rows = Array.isArray(answer) ? answer : (answer as { readonly rows: unknown[] }).rows
  return (rows[0] as { readonly sessions: number }).sessions
}

/** What must be true of applications on every engine, however its server was obtained. */
export function describeApplicationLaws({ title, missing, open, outsider }: Place): void {
  const suite = missing === undefined ? title : `${title} (not run: ${missing})`
  describe.skipIf(missing !== undefined)(`application laws: ${suite}`, () => {
    let lane: Lane
    beforeAll(async () => {
      // There, a transaction sees what others have committed since it began, on every engine.
      lane = await open('read-committed')
    })
    afterAll(() => lane?.close())

    test.for(['shared', 'own'] as const)(
      'does step for step what a strategy with the same statements does, where it is %s',
      async (actors) => {
        const own = await everyHistory(lane, direct(' FOR UPDATE'), 'last-item')
        const through = await everyHistory(lane, shop(' FOR UPDATE', actors), 'last-item')
        expect(own.exploration.verdict).toBe('holds')
        expect(through.exploration).toMatchObject({ verdict: 'holds', exhausted: true })
        expect(through.histories).toEqual(own.histories)
        expect(own.histories.length).toBeGreaterThan(10)
      },
    )

    test('is found out where it races, and replays', async () => {
      const exploration = await explore({
        lane,
        strategy: shop(''),
        explorer: random,
        grains: ['statement'],
        seed: 1,
      })
      if (exploration.verdict !== 'violated') throw new Error(JSON.stringify(exploration))
      expect(exploration.counterexample).toMatchObject({
        plan: { actors: [[{}], [{}]] },
        replays: { reproduced: 10, of: 10 },
      })
    })

    test('of which three share a pool is searched in full as well', async () => {
      const own = await everyHistory(lane, direct(' FOR UPDATE'), 'plenty', 3, 1)
      const through = await everyHistory(lane, shop(' FOR UPDATE'), 'plenty', 3, 1)
      expect(through.exploration).toMatchObject({
        verdict: 'holds',
        schedules: own.histories.length,
      })
    })

    test('that throws what its driver says has been aborted by the database', async () => {
      const opposite = pooled((pool, { userId }) =>
        inTransaction(pool, async (connection) => {
          const ask = askingOver(connection)
          const [first, second] = userId === 1 ? [1, 2] : [2, 1]
          await ask('UPDATE product SET stock = stock - 0 WHERE id = ?', first)
          await ask('UPDATE product SET stock = stock - 0 WHERE id = ?', second)
          await ask('UPDATE product SET stock = stock + 0 WHERE id = ?', second)
          return ok()
        }),
      )
      const exploration = await explore({
        lane,
        strategy: opposite,
        explorer: exhaustive,
        scenario: 'two-products',
        grains: ['statement'],
        invariants: ['stock-never-negative'],
      })
      expect(exploration).toMatchObject({ verdict: 'holds' })
      expect(exploration.replies.aborted.deadlock).toBeGreaterThan(0)
    })

    test('leaves no connection behind', async () => {
      await prepareLane(lane, shop(''))
      await executeRun({ lane, strategy: shop(''), plan: startOf('plenty') })
      const look = await outsider(lane)
      onTestFinished(() => look.close())
      const before = await sessionsIn(lane, look)
      await prepareLane(lane, direct(''))
      // Those of the two buyers go, and so do the lane's own for them.
      await expect.poll(() => sessionsIn(lane, look)).toBeLessThanOrEqual(before - 4)
    })

    test('shows its notes in the lanes', async () => {
      const noting = pooled(async (pool, command, { note }) => {
        note(`POST /purchases ${command.productId}`)
        const reply = await inTransaction(pool, (connection) =>
          buy(askingOver(connection), command, ''),
        )
        note(`201 ${reply.kind}`)
        return reply
      })
      await prepareLane(lane, noting)
      const plan = startOf('plenty')
      const { history } = await executeRun({ lane, strategy: noting, plan })
      const lanes = renderTimeline(purchase, plan, history)
      const [command = '', note = '', begin = ''] = lanes.split('\n').slice(1)
      expect(command).toContain('purchase(user 1')
      expect(note).toContain('POST /purchases 1')
      expect(begin).toContain('BEGIN')
      expect(lanes.match(/201 ok\n *= ok/g)).toHaveLength(2)
    })

    test.for([
      ['closes its connection in place of ROLLBACK', closing],
      ['closes its connection and goes on over another one', startingOver],
    ] as const)('that %s is rolled back before anybody goes on', async ([, strategy]) => {
      const first = await everyHistory(lane, strategy, 'last-item', 3, 1)
      expect(first.exploration).toMatchObject({ verdict: 'holds' })
      const kinds = new Set(first.histories.flat().map((event) => JSON.parse(event).kind))
      expect(kinds).toContain('disconnected')
      expect(kinds).toContain('unblocked')
      const again = await everyHistory(lane, strategy, 'last-item', 3, 1)
      expect(again.histories).toEqual(first.histories)
      // Nothing of it is left for the next one.
      await expect(explored(lane, shop(' FOR UPDATE'))).resolves.toMatchObject({ verdict: 'holds' })
    })

    /** Answers before its last statement is done. */
    const hasty = pooled(async (pool) => {
      const connection = await pool.connect()
      await connection.query('SELECT 1')
      void connection
        .query('SELECT 2')
        .catch(() => {}) // the run has been stopped
        .finally(() => connection.release())
      return ok()
    })

    test.for([
      [
        'whose pool is too small',
        pooled(
          (pool, command) =>
            inTransaction(pool, (connection) => buy(askingOver(connection), command, '')),
          { size: 1 },
        ),
        /hangs: actor B neither sent a statement nor ended .* all connections of its pool are in use/,
      ],
      [
        'that forgets to commit',
        pooled(async (pool, command) => {
          const connection = await pool.connect()
          await connection.query('BEGIN')
          const reply = await buy(askingOver(connection), command, '')
          connection.release()
          return reply
        }),
        /with its transaction open/,
      ],
      [
        'that works on by itself',
        pooled(async (pool) => {
          const connection = await pool.connect()
          await connection.query('SELECT 1')
          void pause(20)
            .then(() => connection.query('SELECT 2'))
            .catch(() => {}) // the run has been stopped
            .finally(() => connection.release())
          return ok()
        }),
        /(sent "SELECT 2" (while none of its commands was running|as actor . after its commands had ended)|while a statement was still under way|the run is not deterministic)|hangs: .* works on when its commands have ended/,
      ],
      [
        'that answers before its last statement is done',
        hasty,
        /(sent "SELECT 2" (while none of its commands was running|as actor . after its commands had ended)|while a statement was still under way|the run is not deterministic)/,
      ],
      [
        'that sends nothing',
        pooled(() => Promise.resolve(ok())),
        /sent no statement, so there was nothing to interleave/,
      ],
      [
        'that throws for no reason of the database',
        pooled(async (pool) => {
          const connection = await pool.connect()
          await connection.query('SELECT 1')
          connection.release()
          throw new TypeError('no such thing')
        }),
        /threw TypeError: no such thing/,
      ],
    ] as const)('cannot be judged %s', { timeout: 60_000 }, async ([, strategy, message]) => {
      const exploration = await explored(lane, strategy)
      expect(exploration).toMatchObject({
        verdict: 'inconclusive',
        reason: expect.stringMatching(message),
      })
    })

    test('cannot be judged that goes on when all commands have ended', async () => {
      await prepareLane(lane, hasty)
      const { actors, ...plan } = startOf('plenty')
      await expect(
        executeRun({ lane, strategy: hasty, plan: { ...plan, actors: actors.slice(0, 1) } }),
      ).rejects.toThrow(/sent "SELECT 2" while none of its commands was running/)
    })

    test('has the settings of its lane, begun anew or not', async () => {
      const seen = new Set<string>()
      const renewing = pooled(async (pool) => {
        const connection = await pool.connect()
        for (const isNew of [false, true]) {
          if (isNew) await connection.renew()
          const [row = {}] = await connection.query(laneSetting[lane.engine.name].question)
          seen.add(String(Object.values(row)[0]))
        }
        connection.release()
        return ok()
      })
      await prepareLane(lane, renewing)
      const plan = startOf('plenty')
      for (let run = 0; run < 2; run++) await executeRun({ lane, strategy: renewing, plan })
      expect([...seen]).toEqual([laneSetting[lane.engine.name].answer])
    })

    test('finds again what it has set on a new connection', async () => {
      const seen = new Set<string>()
      const { set, question } = ownSetting[lane.engine.name]
      const known = new WeakSet<object>()
      const setting = pooled(async (pool) => {
        const connection = await pool.connect()
        if (!known.has(connection.own)) await connection.query(set)
        known.add(connection.own)
        const [row = {}] = await connection.query(question)
        await connection.query('SELECT 1 AS advisory') // which may leave something behind
        connection.release()
        seen.add(String(Object.values(row)[0]))
        return ok()
      })
      await prepareLane(lane, setting)
      const plan = startOf('plenty')
      for (let run = 0; run < 3; run++) await executeRun({ lane, strategy: setting, plan })
      expect([...seen]).toEqual(['77'])
    })

    test.each([
      { what: 'lost a connection meanwhile', isBroken: true, reply: 'unknown' },
      { what: 'lost none', isBroken: false, reply: 'aborted' },
    ] as const)(
      'with no scheduler, is $reply when it throws and has $what',
      async ({ isBroken, reply }) => {
        const throwing = pooled(async (pool) => {
          const connection = await pool.connect()
          await connection.query('SELECT 1')
          connection.release(isBroken)
          await pause(20)
          throw new Error('no answer')
        })
        await prepareLane(lane, throwing)
        const plan = startOf('plenty', 1)
        const { observation } = await executeNaively({ lane, strategy: throwing, plan })
        expect(observation.commands.map((each) => each.reply.kind)).toEqual([reply])
      },
    )

    test('begins no command of a run that was stopped', async () => {
      let begun = 0
      const slow = pooled(async (pool) => {
        begun += 1
        const connection = await pool.connect()
        await connection.query('SELECT 1')
        connection.release()
        await pause(150)
        return ok()
      })
      const { actors, ...plan } = startOf('plenty')
      const twice = { ...plan, actors: [actors.flat()] }
      await prepareLane(lane, slow)
      await expect(
        executeNaively({ lane, strategy: slow, plan: twice, limitMs: 75 }),
      ).rejects.toThrow(
        /had not ended after 75 ms\. Perhaps all connections of its pool are in use/,
      )
      await pause(150)
      expect(begun).toBe(1)
      const limits = { ...defaultLimits, strategyMs: 75 }
      await expect(executeRun({ lane, strategy: slow, plan: twice, limits })).rejects.toThrow(
        /hangs: actor A neither/,
      )
      await pause(150)
      expect(begun).toBe(1 + 2 + 1)
    })

    test('finds its own tables as it has made them', async () => {
      const counts: number[] = []
      const auditing: Strategy = {
        ...pooled(async (pool, { userId }) => {
          const connection = await pool.connect()
          await connection.query('INSERT INTO account (id) VALUES (?)', [userId])
          await connection.query('INSERT INTO audit (id, account) VALUES (1, ?)', [userId])
          await connection.query('UPDATE migration SET id = id + 1')
          const [row] = await connection.query('SELECT COUNT(*) AS number FROM audit')
          connection.release()
          counts.push(Number(row?.['number']))
          return ok()
        }),
        application: beginningWith(
          'CREATE TABLE migration (id INT)',
          'CREATE TABLE account (id INT PRIMARY KEY)',
          'CREATE TABLE audit (id INT, account INT, FOREIGN KEY (account) REFERENCES account (id))',
          'INSERT INTO migration (id) VALUES (1)',
        ),
      }
      await prepareLane(lane, auditing)
      const plan = startOf('plenty')
      for (let run = 0; run < 3; run++) await executeRun({ lane, strategy: auditing, plan })
      // Once with no scheduler, where both may see what the other has done, or not.
      expect(counts.slice(2)).toEqual([1, 2, 1, 2, 1, 2])
      expect(await lane.changedTables()).toEqual(['migration'])
    })

    test.each([
      { text: 'SELECT number FROM served', outcome: 'holds' },
      {
        text: 'UPDATE served SET number = number + 1',
        outcome: /^Commands have changed .* served, /,
      },
      // Nothing is bought, and what was found may come from what was there.
      {
        text: 'UPDATE served SET number = number + 1',
        claims: ['ok-has-its-purchase'],
        outcome: /may come from that: ok-has-its-purchase: User /,
      },
    ])(
      'is judged only where what it has begun with is what every run finds: $text, $outcome',
      async ({ text, claims = ['stock-never-negative'], outcome }) => {
        const counting: Strategy = {
          ...pooled(async (pool) => {
            const connection = await pool.connect()
            await connection.query(text)
            connection.release()
            return ok()
          }),
          claims,
          application: beginningWith(
            'CREATE TABLE IF NOT EXISTS served (number INT)',
            'INSERT INTO served (number) VALUES (0)',
          ),
        }
        const found = await explore({ lane, strategy: counting, explorer: random, schedules: 5 })
        const reason = found.verdict === 'inconclusive' ? found.reason : found.verdict
        expect(reason).toMatch(outcome)
      },
    )

    test('finds tables empty that its commands make where they are not there', async () => {
      const counts: number[] = []
      const lazy = pooled(async (pool, { userId }) => {
        const connection = await pool.connect()
        // Both at once may be one too many.
        await connection.query('CREATE TABLE IF NOT EXISTS request (id INT)').catch(() => {})
        await connection.query('INSERT INTO request (id) VALUES (?)', [userId])
        const [row] = await connection.query('SELECT COUNT(*) AS number FROM request')
        connection.release()
        counts.push(Number(row?.['number']))
        return ok()
      })
      await prepareLane(lane, lazy)
      const plan = startOf('plenty')
      for (let run = 0; run < 3; run++) await executeRun({ lane, strategy: lazy, plan })
      // Once with no scheduler, which is when they are made.
      expect(counts.slice(2)).toEqual([1, 2, 1, 2, 1, 2])
    })

    test('is left alone with its old connections once it was stopped', async () => {
      const pools: Pool[] = []
      const staying: Strategy = {
        ...shop(''),
        application: {
          actors: 'shared',
          start: ({ url, engine, actors: count }) => {
            const pool = openPool(engine, url, count)
            pools.push(pool)
            return Promise.resolve(pool)
          },
          stop: () => Promise.resolve(), // and it runs on
        },
      }
      await prepareLane(lane, staying)
      const plan = startOf('plenty')
      await executeRun({ lane, strategy: staying, plan })
      await lane.recover()
      await executeRun({ lane, strategy: staying, plan })
      const [old, current] = pools
      await expect(old?.connect().then(({ query }) => query('SELECT 1'))).rejects.toThrow(
        /ECONNREFUSED|closed|terminated/i,
      )
      await expect(executeRun({ lane, strategy: staying, plan })).resolves.toBeDefined()
      await Promise.all([old?.end(), current?.end()])
    })

    test('that tries again when its connection breaks buys twice', async () => {
      const exploration = await explore({
        lane,
        strategy: retrying(false),
        explorer: random,
        faults: ['session-killed', 'request-lost', 'answer-lost', 'client-dies'],
        grains: ['statement'],
        seed: 1,
      })
      if (exploration.verdict !== 'violated') throw new Error(JSON.stringify(exploration))
      expect(exploration).toMatchObject({
        faultsNotRun: [
          { kind: 'client-dies', reason: "Lockstep cannot end an application's program" },
        ],
        counterexample: {
          invariant: 'bought-once',
          plan: { actors: [[{}]], faults: [{ kind: 'answer-lost' }] },
          replays: { reproduced: 10, of: 10 },
        },
      })
    })

    test('that writes the key of its request along does not', { timeout: 60_000 }, async () => {
      const exploration = await explore({
        lane,
        strategy: retrying(true),
        explorer: random,
        faults: ['session-killed', 'request-lost', 'answer-lost'],
        grains: ['statement'],
        schedules: 60,
        seed: 1,
      })
      if (exploration.verdict === 'inconclusive') throw new Error(exploration.reason)
      expect(exploration).toMatchObject({ verdict: 'holds' })
      for (const times of Object.values(exploration.faults ?? {})) expect(times).toBeGreaterThan(0)
    })

    test('that cannot be started is a fault of its own', async () => {
      const broken = defineApplication({
        name: 'broken',
        workload: purchase,
        summary: 'Does not start.',
        start: () => {
          throw new Error('no such module')
        },
        execute: () => Promise.resolve(ok()),
        stop: () => {},
      })
      expect(await explored(lane, broken)).toMatchObject({
        verdict: 'inconclusive',
        reason: expect.stringContaining(
          'Application "broken" could not be started: Error: no such module',
        ),
      })
    })
  })
}
