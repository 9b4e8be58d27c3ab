import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openLane } from '../../../testing/lane.ts'
import type { Lane } from '../../engine.ts'
import { statement } from '../../statement.ts'
import type { ProxiedSession } from '../../proxy/session.ts'

const schema = [
  'CREATE TABLE note (id INT)',
  'GRANT ALL ON SCHEMA public TO public; GRANT ALL ON note TO public',
]

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
})
afterAll(() => lane?.close())

/** A client that comes in by a door of a lane, where all it sends goes on at once. */
async function visitor(changes = schema) {
  await lane.prepare([], changes)
  const sessions: ProxiedSession[] = []
  const door = await lane.openDoor({
    arrived: (session, request) => {
      if (!sessions.includes(session)) sessions.push(session)
      void session.execute(request, []).then(() => session.deliver())
    },
    left: () => {},
    failed: () => {},
  })
  const client = new pg.Client(door.url)
  client.on('error', () => {})
  onTestFinished(() => door.close())
  await client.connect()
  return { client, session: () => sessions[0] as ProxiedSession & { dirty: boolean } }
}

test.each([
  { what: 'by itself', text: 'SET statement_timeout = 77' },
  { what: 'behind others', text: 'SELECT 1; SET statement_timeout = 77' },
  { what: 'within a transaction', text: 'BEGIN; SET statement_timeout = 77; COMMIT' },
])('what an application sets does not outlast the run: $what', async ({ text }) => {
  const { client } = await visitor()
  await client.query('SELECT count(*) FROM note')
  // SHOW would count as something that may last.
  const timeout = async (): Promise<unknown> =>
    (await client.query("SELECT current_setting('statement_timeout') AS t")).rows[0].t
  const before = await timeout()
  await client.query(text)
  expect(await timeout()).toBe('77ms')
  await lane.reset({})
  expect(await timeout()).toBe(before)
})

/** What commands do first on a connection. */
const firstUses = [
  ['SELECT count(*) FROM note'],
  ['BEGIN', 'INSERT INTO note VALUES (1)', 'COMMIT'],
  ["SELECT 1; SET work_mem = '77MB'; SELECT count(*) FROM note"],
]

test.each([
  ['SET statement_timeout = 777'],
  ["SET TIME ZONE 'UTC'; SET statement_timeout = 777;"],
  ['set session statement_timeout to 777'],
  ['SELECT version()', 'SET statement_timeout = 777'],
  ['SHOW search_path', "SELECT set_config('statement_timeout', '777', false)"],
  ['SET LOCAL work_mem = 9999', "SELECT pg_catalog.set_config('statement_timeout', '777', false)"],
  ['BEGIN', 'SET statement_timeout = 777', 'COMMIT'],
  ['BEGIN', 'SELECT current_schema()', 'ROLLBACK', 'SET statement_timeout = 777; SELECT 1'],
  ["SET application_name = 'note'", 'LISTEN note', 'SET statement_timeout = 777'],
])(
  'what it has set on a new connection before it uses it outlasts the run: %s',
  async (...texts) => {
    for (const use of firstUses) {
      const { client } = await visitor()
      for (const text of [...texts, ...use]) await client.query(text)
      await client.query('SET lock_timeout = 88')
      for (let run = 0; run < 2; run++) {
        await lane.reset({})
        const { rows } = await client.query(
          "SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l, current_setting('work_mem') <> '77MB' AS w",
        )
        expect(rows).toEqual([{ s: '777ms', l: '0', w: true }])
        await client.query(
          "SET statement_timeout = 778; SET work_mem = '77MB'; SET lock_timeout = 88",
        )
      }
    }
  },
)

test('what it has set before the first run of all outlasts that, whatever it has used', async () => {
  const { client } = await visitor()
  await client.query('SET statement_timeout = 777')
  await lane.reset({})
  await client.query('SET lock_timeout = 88')
  await client.query('SELECT count(*) FROM note')
  await lane.reset({})
  const { rows } = await client.query(
    "SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l",
  )
  expect(rows).toEqual([{ s: '777ms', l: '0' }])
})

test.each([
  [`SET search_path = "a, b", public`, "current_setting('search_path')", '"a, b", public'],
  ["SET TIME ZONE INTERVAL '+02:30'", "current_setting('TimeZone')", '<+02:30>-02:30'],
  [`SET my.own = 'it''s'`, "current_setting('my.own')", `it's`],
  [`SELECT set_config($1, 'yes', false)`, "current_setting('my.other')", 'yes', 'my.other'],
  [
    'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    "current_setting('transaction_isolation')",
    'serializable',
  ],
  ['SET ROLE pg_monitor', 'current_user::text', 'pg_monitor'],
  ['SET SESSION AUTHORIZATION pg_monitor', 'session_user::text', 'pg_monitor'],
  ['LISTEN "Some one"', 'ARRAY(SELECT pg_listening_channels())', ['Some one']],
])('that can be anything: %s', async (text, question, answer, ...values) => {
  const { client } = await visitor()
  const ask = async (): Promise<unknown> =>
    (await client.query(`SELECT ${question} AS answer`)).rows[0].answer
  await client.query(text, values)
  await client.query('SELECT count(*) FROM note')
  expect(await ask()).toEqual(answer)
  await client.query('RESET SESSION AUTHORIZATION')
  for (let run = 0; run < 2; run++) {
    await client.query("SET work_mem = '77MB'")
    await lane.reset({})
    expect(await ask()).toEqual(answer)
  }
})

test.each([
  ['SET ROLE pg_monitor', 'current_user::text'],
  ['SET SESSION AUTHORIZATION pg_monitor', 'session_user::text'],
  ['LISTEN note', 'ARRAY(SELECT pg_listening_channels())'],
  ['SET my.own = 1', "coalesce(current_setting('my.own', true), '')"],
])('and is taken back where it is a command that has done it: %s', async (text, question) => {
  const { client } = await visitor()
  const ask = async (): Promise<unknown> =>
    (await client.query(`SELECT ${question} AS answer`)).rows[0].answer
  await client.query('SELECT count(*) FROM note')
  const before = await ask()
  await client.query(text)
  expect(await ask()).not.toEqual(before)
  await lane.reset({})
  expect(await ask()).toEqual(before)
})

test.each([
  { first: ['BEGIN', 'SET lock_timeout = 88', 'SELECT count(*) FROM note', 'COMMIT'] },
  { first: ['SET lock_timeout = 88; SELECT count(*) FROM note'] },
  { first: ["DO $$ BEGIN PERFORM set_config('lock_timeout', '88', false); END $$"] },
  { first: ["SELECT current_setting('my.seen', true)", 'SET lock_timeout = 88'] },
  { first: ["SET my.seen = 'yes'; SHOW my.seen", 'SET lock_timeout = 88'] },
  { first: ['SET LOCAL statement_timeout = 777', 'SELECT * FROM Note', 'SET lock_timeout = 88'] },
])('what a command does first is no set-up: $first', async ({ first }) => {
  const { client } = await visitor()
  for (const text of first) await client.query(text)
  await lane.reset({})
  const { rows } = await client.query("SELECT current_setting('lock_timeout') AS l")
  expect(rows).toEqual([{ l: '0' }])
})

test('nor is what every command begins with', async () => {
  const { client } = await visitor()
  const ask = async (): Promise<unknown> =>
    (await client.query("SELECT current_setting('my.user', true) AS answer")).rows[0].answer
  await client.query("SET my.tenant = 'shop'")
  const command = async (user: string): Promise<void> => {
    await client.query("SELECT set_config('my.user', $1, false)", [user])
    await client.query('SELECT count(*) FROM note')
  }
  await command('Ann')
  await lane.reset({})
  await command('Bob')
  await lane.reset({})
  expect(await ask()).toBe('')
  const { rows } = await client.query("SELECT current_setting('my.tenant', true) AS tenant")
  expect(rows).toEqual([{ tenant: 'shop' }])
})

test.each(['RESET ALL', 'DISCARD ALL'])(
  'what the client has taken back itself stays so: %s',
  async (text) => {
    const { client } = await visitor()
    await client.query('SET lock_timeout = 88')
    await client.query('SELECT count(*) FROM note')
    await client.query(text)
    await lane.reset({})
    const { rows } = await client.query("SELECT current_setting('lock_timeout') AS l")
    expect(rows).toEqual([{ l: '0' }])
  },
)

test('what the server does not say is a fault', async () => {
  const { client } = await visitor([...schema, 'REVOKE ALL ON pg_catalog.pg_settings FROM public'])
  await client.query('SET ROLE pg_monitor')
  await client.query('SELECT count(*) FROM note')
  await expect(lane.reset({})).rejects.toThrow(
    /^The server does not say what the application has set on its new connection: permission denied for view pg_settings\.$/,
  )
  await client.query('RESET ROLE; GRANT SELECT ON pg_catalog.pg_settings TO public')
})

test('what Lockstep sets for a while does not outlast the run', async () => {
  const { client, session } = await visitor()
  await client.query('SELECT 1')
  await session().limitLockWaits(true)
  await lane.reset({})
  const { rows } = await client.query("SELECT current_setting('lock_timeout') AS l")
  expect(rows).toEqual([{ l: '0' }])
})

test.each([
  { text: 'SELECT $1::int', values: [1] },
  { text: 'SELECT 1; SELECT 2;', values: [] },
  { text: 'BEGIN', values: [] },
])('what leaves nothing behind need not be undone: $text', async ({ text, values }) => {
  const { client, session } = await visitor()
  await client.query(text, values)
  expect(session().dirty).toBe(false)
})

const functionOf = (body: string, language = 'plpgsql'): string =>
  `CREATE FUNCTION f() RETURNS int LANGUAGE ${language} AS $$ ${body} $$`

test.each([
  functionOf("BEGIN PERFORM set_config('my.seen', 'yes', false); RETURN 1; END"),
  functionOf('BEGIN SET my.seen = 1; RETURN 1; END'),
  functionOf(
    'BEGIN IF true THEN /* ! */ SET my.seen = 1; END IF; UPDATE note SET id = 1; RETURN 1; END',
  ),
  functionOf("BEGIN EXECUTE 'LISTEN note'; RETURN 1; END"),
  functionOf('SELECT 1 FROM pg_advisory_lock(1)', 'sql'),
  functionOf('CREATE TEMPORARY TABLE t (id INT); SELECT 1', 'sql'),
  "CREATE FUNCTION f() RETURNS text BEGIN ATOMIC SELECT set_config('my.seen', 'yes', false); END",
  "CREATE VIEW v AS SELECT set_config('my.seen', 'yes', false)",
  "ALTER TABLE note ADD COLUMN t TEXT DEFAULT set_config('my.seen', 'yes', false)",
  "ALTER TABLE note ADD CHECK (set_config('my.seen', 'yes', false) <> '')",
  'CREATE SCHEMA s; CREATE FUNCTION s.f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN SET a.b = 1; RETURN 1; END $$',
])('where the schema leaves something behind in sessions, it is taken back: %s', async (change) => {
  const { client, session } = await visitor([...schema, change])
  const [own] = await lane.sessions(1)
  await client.query('SELECT count(*) FROM note')
  await own?.execute(statement(['SELECT count(*) FROM note']), [])
  expect([session().dirty, own]).toMatchObject([true, { dirty: true }])
})

test.each([
  functionOf(
    'BEGIN UPDATE note SET id = 1; UPDATE ONLY public."note" AS n SET id = 1; RETURN 1; END',
  ),
  functionOf('BEGIN INSERT INTO note VALUES (1) ON CONFLICT DO NOTHING; RETURN 1; END'),
  functionOf('BEGIN PERFORM pg_advisory_xact_lock(1); SET LOCAL lock_timeout = 1; RETURN 1; END'),
  functionOf('SELECT count(*)::int FROM note -- temp', 'sql'),
  'CREATE VIEW v AS SELECT id FROM note',
  "ALTER TABLE note ADD COLUMN t TIMESTAMP DEFAULT now(), ADD CHECK (t > '2000-01-01')",
])('where it does not, there is nothing to do: %s', async (change) => {
  const { client, session } = await visitor([...schema, change])
  const [own] = await lane.sessions(1)
  await client.query('SELECT count(*) FROM note')
  await own?.execute(statement(['SELECT count(*) FROM note']), [])
  expect([session().dirty, own]).toMatchObject([false, { dirty: false }])
})

test('what a function leaves behind is not there in the next run, whoever has called it', async () => {
  const { client } = await visitor([
    ...schema,
    `CREATE FUNCTION seen() RETURNS text LANGUAGE plpgsql AS $$
     DECLARE before text := coalesce(current_setting('my.seen', true), '');
     BEGIN PERFORM set_config('my.seen', 'yes', false); RETURN before; END $$`,
  ])
  const [own] = await lane.sessions(1)
  const ask = statement(['SELECT seen() AS seen'])
  for (let run = 0; run < 3; run++) {
    const seen: unknown[] = []
    for (let time = 0; time < 2; time++) {
      const outcome = await own?.execute(ask, [])
      seen.push(outcome?.ok && outcome.rows[0]?.['seen'])
      seen.push((await client.query('SELECT seen() AS seen')).rows[0].seen)
    }
    expect(seen).toEqual(['', '', 'yes', 'yes'])
    await lane.reset({})
  }
})

test('what an application has made itself begins anew, and what it has begun to use stays', async () => {
  const { client } = await visitor()
  await client.query(`
    CREATE SCHEMA app;
    CREATE TABLE app.entry (id SERIAL, note INT);
    CREATE TABLE migration (id SERIAL, name TEXT);
    INSERT INTO migration (name) VALUES ('first');
    CREATE MATERIALIZED VIEW total AS SELECT count(*)::int AS notes FROM note`)
  await lane.noticeTables()
  for (const migrations of [2, 3]) {
    await lane.reset({})
    const rowOf = async (text: string): Promise<unknown> => (await client.query(text)).rows[0]
    expect(await rowOf('SELECT notes FROM total')).toEqual({ notes: 0 })
    expect(await rowOf('INSERT INTO app.entry (note) VALUES (7) RETURNING id')).toEqual({ id: 1 })
    const again = "INSERT INTO migration (name) VALUES ('again') RETURNING id"
    expect(await rowOf(again)).toEqual({ id: migrations })
    await client.query('INSERT INTO note VALUES (1); REFRESH MATERIALIZED VIEW total')
  }
})

test('what an application makes of its views when it starts again is what runs begin with', async () => {
  const { client } = await visitor([
    ...schema,
    'CREATE MATERIALIZED VIEW total AS SELECT count(*)::int AS notes FROM note WITH NO DATA',
  ])
  await client.query('REFRESH MATERIALIZED VIEW total')
  await lane.noticeTables()
  await client.query('INSERT INTO note VALUES (1); REFRESH MATERIALIZED VIEW total')
  await lane.reset({})
  expect((await client.query('SELECT notes FROM total')).rows).toEqual([{ notes: 0 }])
})

test('a function that an application brings itself is noticed', async () => {
  const { client, session } = await visitor()
  await client.query(functionOf('BEGIN SET my.seen = 1; RETURN 1; END'))
  await lane.noticeTables()
  await lane.reset({})
  expect(session().dirty).toBe(false)
  await client.query('SELECT f()')
  expect(session().dirty).toBe(true)
})
