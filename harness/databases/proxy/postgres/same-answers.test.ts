import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { testServer } from '../../../testing/lane.ts'
import { addressOf, connect, withDatabase } from '../../engines/postgres/client.ts'
import type { WireConnection } from '../connection.ts'
import { openDoor } from '../door.ts'
import { Recorder } from '../fixtures/recorder.ts'
import type { WireRequest } from '../wire.ts'
import { client, int32 } from './fixtures/messages.ts'
import { postgresWire } from './index.ts'

/** Messages that a client may send one after the other, without waiting for an answer. */
type Block = readonly Buffer[]

const texts = fc.constantFrom(
  'SELECT 1 AS a',
  'SELECT $1::int AS a, $2::text AS b',
  'SELECT n FROM generate_series(1, 3) n',
  'SELECT 1 / $1::int',
  'SELECT 1 / 0',
  'SELEC',
  '',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT s',
  'ROLLBACK TO s',
  'DELETE FROM t',
  'INSERT INTO t VALUES (1), (2) RETURNING a',
  'DECLARE c CURSOR FOR SELECT 1',
  'PREPARE b AS SELECT 7',
  'DEALLOCATE ALL',
  `DO $$ BEGIN RAISE NOTICE 'heard'; END $$`,
  "SET TimeZone = 'UTC'",
  'COPY (SELECT 1) TO STDOUT',
)
const names = fc.constantFrom('', '', 'a', 'b', 'c')
const values = fc.array(fc.constantFrom('1', '0', 'x', null, int32(5)), { maxLength: 2 })
const formats = fc.array(fc.nat(1), { maxLength: 2 })

const extended: fc.Arbitrary<Buffer> = fc.oneof(
  fc.tuple(texts, names).map(([text, name]) => client.parse(text, name)),
  fc
    .record({ portal: names, name: names, values, formats, resultFormats: formats })
    .map((binding) => client.bind(binding)),
  names.map((name) => client.describePortal(name)),
  names.map((name) => client.describeStatement(name)),
  fc.tuple(names, fc.nat(2)).map(([name, rows]) => client.execute(name, rows)),
  names.map((name) => client.closeStatement(name)),
  names.map((name) => client.closePortal(name)),
)

/** What most drivers send. */
const usual = fc
  .record({ text: texts, values, resultFormats: formats })
  .map(({ text, ...binding }): Block => [
    client.parse(text),
    client.bind(binding),
    client.describePortal(),
    client.execute(),
  ])

const ends = fc.constantFrom<Block>([client.sync()], [client.sync()], [client.flush()], [])

const copyText = 'COPY t FROM STDIN'
const rows = fc.tuple(
  fc.array(fc.constantFrom(client.copyData('1\n'), client.copyData('x\n')), { maxLength: 3 }),
  fc.constantFrom(client.copyDone(), client.copyFail()),
)

/** @param isOrderly whether Sync is sent before simple queries */
const blocksOf = (isOrderly: boolean): fc.Arbitrary<Block> =>
  fc.oneof(
    texts.map((text) => [...(isOrderly ? [client.sync()] : []), client.query(text)]),
    fc.tuple(usual, ends).map((parts) => parts.flat()),
    fc.tuple(fc.array(extended, { maxLength: 5 }), ends).map((parts) => parts.flat()),
    fc.constant([...(isOrderly ? [client.sync()] : []), client.functionCall(1)]),
    rows.map(([data, end]) => [client.sync(), client.query(copyText), ...data, end]),
    fc.tuple(ends, rows).map(([end, [data, last]]) => [
      client.sync(),
      // Not without a name: bound once more, it would take what comes next for rows, and that ends the connection.
      client.closeStatement('copied'),
      client.parse(copyText, 'copied'),
      client.bind({ name: 'copied' }),
      client.execute(),
      ...end,
      ...data,
      last,
      client.sync(),
    ]),
  )

/** Asked at the end: when this has been answered, everything has. */
const farewell = [client.sync(), client.query('ROLLBACK'), client.query(`SELECT 'fare' || 'well'`)]

/** Said first, so that it is the same each time. */
const beginning = [client.query('TRUNCATE t')]

const database = `lockstep_answers_${process.pid}`

let url: string

beforeAll(async () => {
  await ask(testServer().url, `CREATE DATABASE ${database}`)
  url = withDatabase(testServer().url, database)
  await ask(url, 'CREATE TABLE t (a int)')
})

afterAll(async () => {
  await ask(testServer().url, `DROP DATABASE ${database} WITH (FORCE)`)
})

async function ask(at: string, text: string): Promise<void> {
  const asking = await connect(at)
  await asking.query(text)
  await asking.end()
}

/** All that the server says to these messages. */
async function answersTo(at: string, messages: Buffer, cuts: readonly number[]): Promise<Buffer> {
  const driver = new pg.Client(at)
  driver.on('error', () => {})
  await driver.connect()
  const { stream } = driver.connection as pg.Connection & { stream: Socket }
  stream.removeAllListeners('data')
  const heard: Buffer[] = []
  const answered = new Promise<void>((resolve) => {
    stream.on('close', resolve).on('data', (chunk: Buffer) => {
      heard.push(chunk)
      const end = Buffer.concat(heard.slice(-2))
      if (end.includes('farewell') && end.at(-6) === 'Z'.charCodeAt(0)) resolve()
    })
  })
  let from = 0
  for (const to of [...cuts, messages.length]) {
    stream.write(messages.subarray(from, to))
    await setImmediate()
    from = to
  }
  await answered
  stream.destroy()
  return Buffer.concat(heard)
}

/** Has something of the harness's own executed before each request, where that is possible. */
class Interrupter extends Recorder {
  override requested(connection: WireConnection, request: WireRequest): void {
    if (connection.transaction === 'failed') super.requested(connection, request)
    else {
      void connection
        .inject("SET lock_timeout = '7s'")
        .then(() => super.requested(connection, request))
    }
  }
}

test.each([
  { how: 'nothing comes between', owner: new Recorder() },
  { how: 'the harness has statements of its own executed', owner: new Interrupter() },
])('whatever a client sends, it hears what it hears without a door: $how', async ({ owner }) => {
  const door = await openDoor({ protocol: postgresWire, address: addressOf(url), url }, owner)
  onTestFinished(() => door.close())
  await fc.assert(
    fc.asyncProperty(
      fc.array(blocksOf(owner instanceof Interrupter), { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      async (said, places) => {
        const messages = Buffer.concat([...beginning, ...said.flat(), ...farewell])
        const cuts = places.map((place) => place % messages.length).toSorted((a, b) => a - b)
        const direct = await answersTo(url, messages, [])
        const heard = await answersTo(door.url, messages, cuts)
        expect(owner.errors.splice(0)).toEqual([])
        expect(heard.toString('latin1')).toBe(direct.toString('latin1'))
      },
    ),
    { numRuns: 80, timeout: 10_000 },
  )
})
