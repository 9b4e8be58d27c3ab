import { once } from 'node:events'
import pg from 'pg'
import postgresjs from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testServer } from '../../../testing/lane.ts'
import { addressOf, connect, withDatabase } from '../../engines/postgres/client.ts'
import { showStatement } from '../../statement.ts'
import { openDoor, type Door } from '../door.ts'
import { Recorder } from '../fixtures/recorder.ts'
import { postgresWire } from './index.ts'

const database = `lockstep_wire_${process.pid}`

/** Literals of every type that is known in binary format, with the least and the most of each. */
const known = [
  'true',
  'false',
  '(-32768)::int2',
  '32767::int2',
  '(-2147483648)::int4',
  '2147483647::int4',
  '9007199254740991::int8',
  '(-9007199254740991)::int8',
  '4294967295::oid',
  '0.1::float4',
  '1e-38::float4',
  '3.4028235e38::float4',
  '16777217::float4',
  '0.1::float8',
  '1.7976931348623157e308::float8',
  "'NaN'::float8",
  "'-Infinity'::float8",
  '0::numeric',
  '0.00::numeric',
  '-12345678901234567890.000100::numeric',
  '0.000000000000000000123::numeric',
  '1e30::numeric',
  '10000::numeric',
  "'NaN'::numeric",
  "'-Infinity'::numeric",
  String.raw`'\x00ff'::bytea`,
  "''::text",
  "'naïve 😀'::text",
  "'v'::varchar",
  "'f'::char(3)",
  `'c'::"char"`,
  "'n'::name",
  '\'{"a": [1, 2.50, null]}\'::json',
  '\'{"a": [1, 2.50, null]}\'::jsonb',
  "'<a/>'::xml",
  "'123e4567-e89b-12d3-a456-426655440000'::uuid",
  "'2000-01-01'::date",
  "'0001-01-01'::date",
  "'9999-12-31'::date",
  "'2024-02-29 23:59:59.999999'::timestamp",
  "'1969-12-31 23:59:59.5'::timestamp",
  "'2024-02-29 12:00:00+05:30'::timestamptz",
  "'1900-01-01 00:00:00.000001+00'::timestamptz",
  "'00:00'::time",
  "'23:59:59.000010'::time",
  "'{}'::int4[]",
  "'{1,NULL,-3}'::int4[]",
  "'{1,2}'::int8[]",
  "'{t,f}'::bool[]",
  "'{1.5,NaN}'::float8[]",
  String.raw`'{a,"b c","d\"e",NULL,"NULL","","f\\g"}'::text[]`,
  "'{1.50,2}'::numeric[]",
  "'{2024-02-29}'::date[]",
  'pg_sleep(0)',
  'NULL::int4',
  'NULL::text',
]

/** Those that the server is asked for as text only. */
const others = [
  "'infinity'::date",
  "'0044-03-15 BC'::date",
  "'infinity'::timestamptz",
  "'1 day 02:03:04'::interval",
  "'12:00+05'::timetz",
  "'{{1,2},{3,4}}'::int4[]",
  "'(1,2)'::point",
  "'::1'::inet",
  "'[1,5)'::int4range",
  "B'101'",
  "'$1.50'::money",
]

const selectAll = (expressions: readonly string[]): string =>
  `SELECT ${expressions.map((expression, index) => `${expression} AS v${index}`).join(', ')}`

/** What the driver's own connection can do, beyond what its types say. */
interface Canceller extends pg.Connection {
  connect(port: number, host: string): void
  cancel(id: unknown, key: unknown): void
}

let direct: pg.Client
let door: Door
let recorder: Recorder
let client: pg.Client

beforeAll(async () => {
  const { url } = testServer()
  const root = await connect(url)
  await root.query(`CREATE DATABASE ${database}`)
  await root.end()
  direct = await connect(withDatabase(url, database))
  await direct.query('CREATE TABLE pair (a int PRIMARY KEY, b text)')
})

afterAll(async () => {
  await direct.end()
  const root = await connect(testServer().url)
  await root.query(`DROP DATABASE ${database} WITH (FORCE)`)
  await root.end()
})

beforeEach(async () => {
  const url = withDatabase(testServer().url, database)
  recorder = new Recorder()
  door = await openDoor({ protocol: postgresWire, address: addressOf(url), url }, recorder)
  client = new pg.Client(door.url)
  await client.connect()
  await direct.query("TRUNCATE pair; INSERT INTO pair VALUES (1, 'one'), (2, NULL)")
})

afterEach(async () => {
  await client.end().catch(() => undefined)
  await door.close()
})

const shown = (): readonly string[] =>
  recorder.steps.map(({ statement }) => showStatement(statement))

describe('rows', () => {
  test.each([
    { how: 'as text', query: {} },
    { how: 'with parameters', query: { values: [1] } },
    { how: 'of a prepared statement', query: { name: 'all', values: [1] } },
    { how: 'by and by', query: { values: [1], rows: 1 } },
  ])('are what the harness itself gets: $how', async ({ query }) => {
    const all = selectAll([...known, ...others])
    const { rows } = await direct.query(all)
    const text = 'values' in query ? `${all} WHERE $1 = 1` : all
    for (let time = 0; time < 2; time++) {
      recorder.steps.length = 0
      expect((await client.query({ text, ...query })).rows).toHaveLength(1)
      expect(recorder.steps.flatMap(({ outcome }) => (outcome.ok ? outcome.rows : []))).toEqual(
        rows,
      )
    }
  })

  test('are the same in binary format', async () => {
    const text = selectAll(known)
    const { rows } = await direct.query(text)
    await askInBinary(text)
    expect(recorder.rows).toEqual(rows)
  })

  test('are bytes where a binary format is not known', async () => {
    await askInBinary("SELECT '1 day'::interval AS v, '{{1}}'::int4[] AS w, 'infinity'::date AS x")
    expect(recorder.rows).toEqual([
      {
        v: String.raw`\x00000000000000000000000100000000`,
        w: expect.stringMatching(/^\\x0000000200/),
        x: String.raw`\x7fffffff`,
      },
    ])
  })

  /** The driver itself cannot read all of it, and is not asked to. */
  function askInBinary(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      client.query({
        submit: (connection: pg.Connection) => {
          connection.parse({ text } as never, true)
          connection.bind({ binary: true } as never, true)
          connection.describe({ type: 'P' }, true)
          connection.execute({}, true)
          connection.sync()
        },
        handleRowDescription: () => {},
        handleDataRow: () => {},
        handleCommandComplete: () => {},
        handleError: reject,
        handleReadyForQuery: resolve,
      } as unknown as pg.Submittable)
    })
  }

  test('may be many', async () => {
    const text = "SELECT n, repeat('x', 100) AS t FROM generate_series(1, 20000) n"
    const { rows } = await client.query(text)
    expect(rows).toHaveLength(20_000)
    expect(recorder.rows).toEqual(rows)
  })
})

describe('a statement', () => {
  test('has its parameters, as they were given', async () => {
    const values = [7, "it's", true, null, 1.5, new Date(0), Buffer.of(1, 255), [1, 2]]
    await client.query(
      'SELECT $1::int, $2::text, $3::bool, $4::text, $5::float8, $6::timestamptz, $7::bytea, $8::int[]',
      values,
    )
    const { params } = recorder.last.statement
    expect(params.slice(0, 5)).toEqual([7, "it's", 'true', null, '1.5'])
    expect(params.slice(6)).toEqual([String.raw`\x01ff`, '{"1","2"}'])
  })

  test('has the same parts each time, and its name is known', async () => {
    const run = (id: number) =>
      client.query({ name: 'one', text: 'SELECT b FROM pair WHERE a = $1', values: [id] })
    await run(1)
    const { parts } = recorder.last.statement
    await run(2)
    expect(recorder.last.statement.parts).toBe(parts)
    expect(shown()).toEqual(['SELECT b FROM pair WHERE a = 1', 'SELECT b FROM pair WHERE a = 2'])
    expect(recorder.rows).toEqual([{ b: null }])
  })

  test('that is refused says why, and the transaction has failed', async () => {
    await client.query('BEGIN')
    await expect(client.query('INSERT INTO pair VALUES ($1)', [1])).rejects.toThrow(/duplicate key/)
    expect(recorder.last.outcome).toMatchObject({
      ok: false,
      error: { code: '23505', message: expect.stringContaining('duplicate key') },
      transaction: 'failed',
    })
    expect(recorder.connections[0]?.transaction).toBe('failed')
    await client.query('ROLLBACK')
    expect(recorder.last.outcome).toMatchObject({ ok: true, transaction: 'none' })
  })

  test('says how many rows it has written', async () => {
    await client.query("INSERT INTO pair VALUES (3, 'x'), (4, 'y')")
    await client.query('UPDATE pair SET b = $1', ['z'])
    await client.query('DELETE FROM pair WHERE a > 100')
    expect(recorder.steps.map(({ outcome }) => outcome)).toMatchObject([
      { affectedRows: 2 },
      { affectedRows: 4 },
      { affectedRows: 0 },
    ])
  })

  test('sent ahead is a step of its own', async () => {
    const ahead = await connect(door.url)
    const texts = ['BEGIN', 'SELECT 1 AS a', 'SELECT $1::int AS b', 'COMMIT']
    const answers = await Promise.all(
      texts.map((text) => ahead.query(text, text.includes('$1') ? [2] : undefined)),
    )
    expect(answers.map(({ rows }) => rows)).toEqual([[], [{ a: 1 }], [{ b: 2 }], []])
    expect(shown()).toEqual(['BEGIN', 'SELECT 1 AS a', 'SELECT 2::int AS b', 'COMMIT'])
    await ahead.end()
  })
})

describe('COPY', () => {
  test('takes rows from the client', async () => {
    await copyIn('COPY pair FROM STDIN', ['10\tten\n', '11\televen\n'])
    expect(recorder.last.outcome).toMatchObject({ ok: true, affectedRows: 2, transaction: 'none' })
    const { rows } = await client.query('SELECT count(*) FROM pair')
    expect(rows).toEqual([{ count: '4' }])
    expect(shown()).toEqual(['COPY pair FROM STDIN', 'SELECT count(*) FROM pair'])
  })

  test('refuses rows, while they still come', async () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `${index}\t${'x'.repeat(100)}\n`)
    await expect(copyIn('COPY pair FROM STDIN', ['nothing\n', ...many])).rejects.toThrow(/invalid/)
    await client.query('SELECT 1')
    expect(recorder.steps.map(({ outcome }) => outcome.ok)).toEqual([false, true])
  })

  function copyIn(text: string, rows: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      client.query({
        submit: (connection: pg.Connection) => connection.query(text),
        handleCopyInResponse: (
          connection: pg.Connection & {
            sendCopyFromChunk(chunk: Buffer): void
            endCopyFrom(): void
          },
        ) => {
          for (const row of rows) connection.sendCopyFromChunk(Buffer.from(row))
          connection.endCopyFrom()
        },
        handleCommandComplete: () => {},
        handleError: reject,
        handleReadyForQuery: () => resolve(),
      } as unknown as pg.Submittable)
    })
  }
})

describe('meanwhile', () => {
  test('notices arrive, with their codes', async () => {
    const heard = once(client, 'notice')
    await client.query(
      `DO $$ BEGIN RAISE NOTICE USING ERRCODE = 'LS001', MESSAGE = 'one $1'; END $$`,
    )
    expect(await heard).toMatchObject([{ code: 'LS001', message: 'one $1' }])
    expect(recorder.notices).toEqual(['LS001'])
  })

  test('notifications arrive, though nothing is asked', async () => {
    await client.query('LISTEN channel')
    const heard = once(client, 'notification')
    await direct.query("NOTIFY channel, 'hello'")
    expect(await heard).toMatchObject([{ payload: 'hello' }])
  })

  test('a request can be cancelled', async () => {
    const sleeping = client.query('SELECT pg_sleep(20)')
    const [id] = recorder.ids
    await untilActive(id)
    const { processID, secretKey } = client as unknown as Record<string, number>
    const { hostname, port } = new URL(door.url)
    const canceller: Canceller = new pg.Connection({}) as Canceller
    canceller.connect(Number(port), hostname)
    canceller.once('connect', () => canceller.cancel(processID, secretKey))
    await expect(sleeping).rejects.toThrow(/canceling statement/)
    expect(recorder.last.outcome).toMatchObject({ ok: false, error: { code: '57014' } })
    canceller.end()
  })

  test('a session can be ended, which it hears of', async () => {
    client.on('error', () => {})
    const sleeping = client.query('SELECT pg_sleep(20)')
    const [id] = recorder.ids
    await untilActive(id)
    await Promise.all([
      expect(sleeping).rejects.toThrow(/terminating connection/),
      direct.query('SELECT pg_terminate_backend($1)', [id]),
    ])
    expect(recorder.last.outcome).toMatchObject({ ok: false, error: { code: '57P01' } })
  })

  test('the harness has statements of its own executed', async () => {
    const [connection] = recorder.connections
    await client.query('BEGIN')
    expect(await connection?.inject("SET LOCAL deadlock_timeout = '7ms'")).toEqual({
      ok: true,
      rows: [],
      affectedRows: 0,
      transaction: 'open',
    })
    const { rows } = await client.query('SHOW deadlock_timeout')
    expect(rows).toEqual([{ deadlock_timeout: '7ms' }])
    await client.query('COMMIT')
    expect(await connection?.inject('SELECT 1::int8 AS one; SELECT 2::int8 AS two')).toMatchObject({
      rows: [{ two: 2 }],
      transaction: 'none',
    })
    expect(shown()).toEqual(['BEGIN', 'SHOW deadlock_timeout', 'COMMIT'])
  })

  async function untilActive(id: number | undefined): Promise<void> {
    const text =
      "SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query ~ 'pg_sleep'"
    for (;;) if ((await direct.query(text, [id])).rowCount === 1) return
  }
})

describe('postgres.js', () => {
  const open = (options: postgresjs.Options<Record<string, never>> = {}) =>
    postgresjs(door.url, { max: 1, fetch_types: false, ...options })

  test('prepares, binds what the server has described, and is known by both', async () => {
    const sql = open()
    try {
      for (const id of [1, 2]) await sql`SELECT b FROM pair WHERE a = ${id} AND 'x' <> ${'7'}`
      expect(shown()).toEqual([
        "SELECT b FROM pair WHERE a = 1 AND 'x' <> '7'",
        "SELECT b FROM pair WHERE a = 2 AND 'x' <> '7'",
      ])
      expect(recorder.rows).toEqual([{ b: null }])
    } finally {
      await sql.end()
    }
  })

  test('keeps what it has prepared without a name, whatever the harness does between', async () => {
    const sql = open({ prepare: false })
    const requested = recorder.requested.bind(recorder)
    const injected: unknown[] = []
    recorder.requested = (connection, request) => {
      void connection.inject("SET lock_timeout = '5s'").then((outcome) => {
        injected.push(outcome?.ok)
        requested(connection, request)
      })
    }
    try {
      const rows = await sql`SELECT b FROM pair WHERE a = ${1}`
      expect([...rows]).toEqual([{ b: 'one' }])
      await expect(sql`SELEC ${1}`).rejects.toThrow(/syntax error/)
      expect([...(await sql`SELECT b FROM pair WHERE a = ${2}`)]).toEqual([{ b: null }])
      expect(recorder.rows).toEqual([{ b: null }])
      expect(injected).toEqual([true, true])
    } finally {
      await sql.end()
    }
  })

  test('fetches by and by, in a transaction', async () => {
    const sql = open()
    try {
      const seen: unknown[] = []
      await sql.begin(async (tx) => {
        await tx`SELECT n FROM generate_series(1, 5) n`.cursor(2, (rows) => {
          seen.push(...rows.map(({ n }) => n))
        })
      })
      expect(seen).toEqual([1, 2, 3, 4, 5])
      expect(recorder.errors).toEqual([])
      expect(recorder.last.outcome).toMatchObject({ ok: true, transaction: 'none' })
    } finally {
      await sql.end()
    }
  })

  test('sends many at once, of which some are refused', async () => {
    const sql = open()
    try {
      const results = await Promise.allSettled(
        Array.from({ length: 30 }, (_, index) =>
          index % 3 === 0 ? sql`SELECT 1 / ${0}::int AS n` : sql`SELECT ${index}::int AS n`,
        ),
      )
      expect(
        results.map((result) => (result.status === 'fulfilled' ? result.value[0]?.['n'] : 'no')),
      ).toEqual(Array.from({ length: 30 }, (_, index) => (index % 3 === 0 ? 'no' : index)))
      expect(recorder.steps).toHaveLength(30)
      expect(recorder.errors).toEqual([])
    } finally {
      await sql.end()
    }
  })
})

test('an answer beyond the limit ends the connection, and no other', async () => {
  const url = withDatabase(testServer().url, database)
  const own = new Recorder()
  const upstream = { protocol: postgresWire, address: addressOf(url), url }
  const narrow = await openDoor(upstream, own, { bytes: 10_000 })
  try {
    const [first, second] = [await connect(narrow.url), await connect(narrow.url)]
    first.on('error', () => {})
    await expect(
      first.query("SELECT repeat('x', 100) FROM generate_series(1, 1000)"),
    ).rejects.toThrow('Connection terminated unexpectedly')
    expect(own.errors).toEqual(['The server sent an answer of more than 10000 bytes.'])
    expect((await second.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await second.end()
  } finally {
    await narrow.close()
  }
})
