import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { describeApplicationLaws } from '../../../application/laws.ts'
import { testServer } from '../../../testing/lane.ts'
import { describeEngineLaws, type EngineUnderTest } from '../../engine-laws.ts'
import type { StatementOutcome } from '../../engine.ts'
import { obtainServer } from '../../providers/index.ts'
import type { DatabaseServer } from '../../server.ts'
import { statement } from '../../statement.ts'
import { redemption } from '../../../workloads/redemption.ts'
import { describeStopLaws } from '../../stop-laws.ts'
import { connect, withDatabase } from './client.ts'
import { postgres } from './index.ts'

const outsiderOf =
  (server: () => DatabaseServer): EngineUnderTest['outsider'] =>
  async ({ database }) => {
    const client = await connect(withDatabase(server().url, database))
    return { ask: (text) => client.query(text), close: () => client.end() }
  }

function describeLaws(title: string, server: () => DatabaseServer): void {
  const engine: EngineUnderTest = {
    title,
    open: (isolation = postgres.defaultIsolation) => postgres.openLane(server(), { isolation }),
    outsider: outsiderOf(server),
    closerIsVictim: true,
    serializableReadsLock: false,
    userLock: {
      take: statement(['SELECT pg_advisory_lock(1)']),
      release: statement(['SELECT pg_advisory_unlock(1)']),
    },
    ownTrigger: [
      `CREATE FUNCTION once() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF EXISTS (SELECT 1 FROM note) THEN RAISE 'once'; END IF;
         RETURN NEW;
       END $$`,
      'CREATE TRIGGER once BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION once()',
    ],
    countHeld: ({ id }) =>
      `SELECT count(*)::int AS held FROM pg_locks WHERE locktype = 'advisory' AND objid = ${id} AND granted`,
    cancel: ({ id }) => `SELECT pg_cancel_backend(${id})`,
    kill: ({ id }) => `SELECT pg_terminate_backend(${id})`,
  }
  describeEngineLaws(engine)
  describeStopLaws(engine)
}

describeLaws('PostgreSQL (embedded)', testServer)
describeApplicationLaws({
  title: postgres.title,
  open: (isolation = postgres.defaultIsolation) => postgres.openLane(testServer(), { isolation }),
  outsider: outsiderOf(testServer),
})

const byUrl = await obtainServer(postgres, { url: testServer().url })
describeLaws('PostgreSQL (url)', () => byUrl)

test.for(['SET lock_timeout = 1', 'SET client_min_messages = error'])(
  'a statement that stops says so, and stays there, whatever its session is set to: %s',
  async (setting) => {
    const lane = await postgres.openLane(testServer(), { isolation: postgres.defaultIsolation })
    try {
      await lane.prepare([], ['CREATE TABLE note (id INT)'])
      await lane.addStops()
      const [session] = await lane.sessions(1)
      if (!session) throw new Error('a session was asked for')
      await lane.hold(session)
      await session.execute(statement([setting]), [])
      const insert = statement(['INSERT INTO note VALUES (1)'])
      let outcome: Promise<StatementOutcome> | undefined
      await new Promise<void>((stopped) => {
        outcome = session.execute(insert, [], stopped)
      })
      await sleep(50)
      expect(await lane.waits([session])).toMatchObject([{ stopped: true }])
      await lane.release(session, [])
      expect(await outcome).toMatchObject({ ok: true, affectedRows: 1 })
    } finally {
      await lane.close()
    }
  },
)

test('a server that is not there is a fault with one sentence', async () => {
  await expect(connect('postgres://nobody@127.0.0.1:1/nothing')).rejects.toThrow(
    /^PostgreSQL at 127\.0\.0\.1:1 cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1\.$/,
  )
})

test('a lane that cannot be opened leaves no database', async () => {
  const { url } = testServer()
  const root = await connect(url)
  try {
    await root.query("CREATE ROLE single LOGIN SUPERUSER PASSWORD 'one'")
    await root.query('ALTER ROLE single NOSUPERUSER CREATEDB CONNECTION LIMIT 1')
    const single = new URL(url)
    single.username = 'single'
    single.password = 'one'
    const server = { ...testServer(), url: single.href }
    await expect(
      postgres.openLane(server, { isolation: postgres.defaultIsolation }),
    ).rejects.toThrow(/ cannot be reached: too many connections for role/)
    const owned = await root.query(
      "SELECT datname FROM pg_database JOIN pg_roles r ON r.oid = datdba WHERE rolname = 'single'",
    )
    expect(owned.rows).toEqual([])
  } finally {
    await root.query('DROP ROLE IF EXISTS single')
    await root.end()
  }
})

const ownSchemas = [
  'CREATE SCHEMA app',
  'CREATE TABLE app.request (id SERIAL PRIMARY KEY)',
  'CREATE TABLE answer (request INT REFERENCES app.request)',
  'CREATE TABLE app.zone (id INT PRIMARY KEY)',
  'ALTER TABLE app.request ADD zone INT REFERENCES app.zone',
  'ALTER TABLE redemption ADD zone INT REFERENCES app.zone',
]

test('what is in other schemas, or refers to each other, is emptied before every run', async () => {
  const lane = await postgres.openLane(testServer(), { isolation: postgres.defaultIsolation })
  try {
    await lane.prepare(redemption.tables, ownSchemas)
    await lane.prepare(redemption.tables, ownSchemas) // what it has made before is gone
    const [session] = await lane.sessions(1)
    const coupon = [{ id: 1, code: 'C1', active: true, cap: 3 }]
    for (let run = 0; run < 2; run++) {
      await lane.reset({ coupon, redemption: [] })
      for (const text of [
        'INSERT INTO app.zone VALUES (1)',
        'INSERT INTO app.request (zone) VALUES (1)',
        'INSERT INTO answer VALUES (1)', // the number that the sequence has given
        'INSERT INTO redemption (coupon_id, user_id, zone) VALUES (1, 1, 1)',
      ]) {
        expect(await session?.execute(statement([text]), [])).toMatchObject({ ok: true })
      }
    }
  } finally {
    await lane.close()
  }
})

test.each([
  'CREATE RULE noting AS ON DELETE TO coupon DO ALSO INSERT INTO audit VALUES (OLD.id)',
  `CREATE FUNCTION noting() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN UPDATE audit SET id = OLD.id; DELETE FROM redemption; RETURN OLD; END $$;
   CREATE TRIGGER noting BEFORE DELETE ON coupon FOR EACH ROW EXECUTE FUNCTION noting()`,
  'ALTER TABLE coupon ADD a INT REFERENCES audit; ALTER TABLE audit ADD c INT REFERENCES coupon',
  `ALTER TABLE audit ADD c INT REFERENCES coupon;
   CREATE FUNCTION noting() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN INSERT INTO audit VALUES (OLD.user_id, OLD.coupon_id); RETURN NULL; END $$;
   CREATE TRIGGER noting AFTER DELETE ON redemption FOR EACH ROW EXECUTE FUNCTION noting()`,
])('tables are emptied whatever else that does: %s', async (change) => {
  const lane = await postgres.openLane(testServer(), { isolation: postgres.defaultIsolation })
  try {
    await lane.prepare(redemption.tables, ['CREATE TABLE audit (id INT PRIMARY KEY)', change])
    const [session] = await lane.sessions(1)
    const ask = (text: string) => session?.execute(statement([text]), [])
    for (let run = 0; run < 3; run++) {
      await lane.reset({ coupon: [{ id: 1, code: 'C1', active: true, cap: 3 }], redemption: [] })
      expect(await ask('SELECT id FROM audit')).toMatchObject({ rows: [] })
      for (const text of [
        'INSERT INTO audit VALUES (7)',
        'INSERT INTO redemption (coupon_id, user_id) VALUES (1, 1)',
      ]) {
        expect(await ask(text)).toMatchObject({ ok: true })
      }
    }
  } finally {
    await lane.close()
  }
})

test('what triggers write while tables are emptied is not there in the next run', async () => {
  const lane = await postgres.openLane(testServer(), { isolation: postgres.defaultIsolation })
  try {
    await lane.prepare(redemption.tables, [
      'CREATE TABLE audit (id INT)',
      `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN INSERT INTO audit VALUES (OLD.id); RETURN NULL; END $$`,
      'CREATE TRIGGER note AFTER DELETE ON coupon FOR EACH ROW EXECUTE FUNCTION note()',
    ])
    const [session] = await lane.sessions(1)
    const coupon = [{ id: 1, code: 'C1', active: true, cap: 3 }]
    for (let run = 0; run < 2; run++) {
      await lane.reset({ coupon, redemption: [] })
      const outcome = await session?.execute(statement(['SELECT id FROM audit']), [])
      expect(outcome).toMatchObject({ rows: [] })
    }
  } finally {
    await lane.close()
  }
})

test('a materialized view shows in every run what it is made of at the beginning', async () => {
  const lane = await postgres.openLane(testServer(), { isolation: postgres.defaultIsolation })
  try {
    await lane.prepare(redemption.tables, [
      'CREATE MATERIALIZED VIEW code AS SELECT code FROM coupon',
      'CREATE MATERIALIZED VIEW again AS SELECT code FROM code',
      'CREATE MATERIALIZED VIEW later AS SELECT code FROM coupon WITH NO DATA',
    ])
    const [session] = await lane.sessions(1)
    const ask = (text: string) => session?.execute(statement([text]), [])
    for (const code of ['ONE', 'TWO', 'TWO']) {
      await lane.reset({ coupon: [{ id: 1, code, active: true, cap: 3 }], redemption: [] })
      for (const view of ['code', 'again']) {
        expect(await ask(`SELECT code FROM ${view}`)).toMatchObject({ rows: [{ code }] })
      }
      expect(await ask('SELECT code FROM later')).toMatchObject({ ok: false })
      await ask("UPDATE coupon SET code = 'other'")
      for (const view of ['code', 'again', 'later']) await ask(`REFRESH MATERIALIZED VIEW ${view}`)
      await ask('CREATE TABLE IF NOT EXISTS made (id INT)')
      await lane.noticeMadeTables()
    }
  } finally {
    await lane.close()
  }
})

test('a table that nobody could notice is told of, once it has rows', async () => {
  const lane = await postgres.openLane(testServer(), { isolation: postgres.defaultIsolation })
  try {
    await lane.prepare(redemption.tables, [
      `CREATE FUNCTION make() RETURNS int LANGUAGE plpgsql AS $$
       BEGIN CREATE TABLE IF NOT EXISTS made (t INT); RETURN 1; END $$`,
    ])
    const [session] = await lane.sessions(1)
    const ask = (text: string) => session?.execute(statement([text]), [])
    await ask('SELECT make()')
    expect(await lane.changedTables()).toEqual([])
    await ask('INSERT INTO made VALUES (1)')
    expect(await lane.changedTables()).toEqual(['made'])
    await ask('DELETE FROM made')
    expect(await lane.changedTables()).toEqual(['made']) // a run may have found it so
    await lane.prepare(redemption.tables, [])
    expect(await lane.changedTables()).toEqual([])
  } finally {
    await lane.close()
  }
})

test('a statement stops inside where its table is in another schema, too', async () => {
  const lane = await postgres.openLane(testServer(), { isolation: postgres.defaultIsolation })
  try {
    await lane.prepare([], ['CREATE SCHEMA app', 'CREATE TABLE app.note (id INT)'])
    await lane.addStops()
    const [session] = await lane.sessions(1)
    if (!session) throw new Error('a session was asked for')
    await lane.hold(session)
    const insert = statement(['INSERT INTO app.note VALUES (1)'])
    const stopped = Promise.withResolvers<'stopped'>()
    const done = session.execute(insert, [], () => stopped.resolve('stopped'))
    expect(await Promise.race([stopped.promise, done])).toBe('stopped')
  } finally {
    await lane.close()
  }
})

test('a plan is what it was, however many runs there have been', async () => {
  const lane = await postgres.openLane(testServer(), { isolation: 'serializable' })
  try {
    await lane.prepare(redemption.tables, [
      'CREATE TABLE note (id INT, text VARCHAR(20)); CREATE INDEX note_by_id ON note (id)',
    ])
    const coupon = [1, 2].map((id) => ({ id, code: `C${id}`, active: true, cap: 3 }))
    const [session] = await lane.sessions(1)
    const execute = async (text: string) => {
      const outcome = await session?.execute(statement([text]), [])
      return outcome?.ok ? outcome.rows : []
    }
    const plans = new Map<string, number[]>()
    for (let run = 0; run < 450; run++) {
      await lane.reset({ coupon, redemption: [] })
      for (const user of [1, 2, 3, 4]) {
        await execute(`INSERT INTO redemption (coupon_id, user_id) VALUES (1, ${user})`)
        await execute(`INSERT INTO note (id, text) VALUES (${user}, 'some text or other')`)
      }
      await execute('UPDATE coupon SET active = false')
      for (const where of [
        'coupon WHERE id = 1',
        'redemption WHERE coupon_id = 1',
        'note WHERE id = 1',
      ]) {
        const [plan] = await execute(`EXPLAIN (COSTS false) SELECT * FROM ${where}`)
        const shown = `${where}: ${String(plan?.['QUERY PLAN'])}`
        plans.set(shown, [...(plans.get(shown) ?? []), run])
      }
    }
    expect([...plans].map(([plan, runs]) => [plan, runs.length])).toEqual([
      ['coupon WHERE id = 1: Seq Scan on coupon', 450],
      ['redemption WHERE coupon_id = 1: Seq Scan on redemption', 450],
      ['note WHERE id = 1: Seq Scan on note', 450],
    ])
  } finally {
    await lane.close()
  }
})
