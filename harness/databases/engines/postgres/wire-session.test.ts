import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { laneForTest } from '../../../testing/lane.ts'
import type { ProxiedSession } from '../../proxy/session.ts'

/** A client that comes in by a door of a lane, where all it sends goes on at once. */
async function visitor() {
  const lane = await laneForTest()
  await lane.prepare([], [])
  const sessions: ProxiedSession[] = []
  const door = await lane.openDoor({
    arrived: (session, statement) => {
      if (!sessions.includes(session)) sessions.push(session)
      void session.execute(statement, []).then(() => session.deliver())
    },
    left: () => {},
    failed: () => {},
  })
  const client = new pg.Client(door.url)
  client.on('error', () => {})
  onTestFinished(() => door.close())
  await client.connect()
  return { lane, client, session: () => sessions[0] as ProxiedSession & { dirty: boolean } }
}

test.each([
  { what: 'by itself', text: 'SET statement_timeout = 77' },
  { what: 'behind others', text: 'SELECT 1; SET statement_timeout = 77' },
  { what: 'within a transaction', text: 'BEGIN; SET statement_timeout = 77; COMMIT' },
])('what an application sets does not outlast the run: $what', async ({ text }) => {
  const { lane, client } = await visitor()
  // SHOW would count as something that may last.
  const timeout = async (): Promise<unknown> =>
    (await client.query("SELECT current_setting('statement_timeout') AS t")).rows[0].t
  const before = await timeout()
  await client.query(text)
  expect(await timeout()).toBe('77ms')
  await lane.reset({})
  expect(await timeout()).toBe(before)
})

test.each([
  'SET statement_timeout = 77',
  "SET TIME ZONE 'UTC'; SET statement_timeout = 77;",
  'set session statement_timeout to 77',
])('what it has set on a new connection before anything else outlasts it: %s', async (text) => {
  const { lane, client } = await visitor()
  await client.query(text)
  await client.query('SET lock_timeout = 88')
  await client.query("SELECT 1; SET work_mem = '77MB'")
  await lane.reset({})
  const { rows } = await client.query(
    "SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l, current_setting('work_mem') <> '77MB' AS w",
  )
  expect(rows).toEqual([{ s: '77ms', l: '88ms', w: true }])
})

test.each(['SET LOCAL statement_timeout = 77', 'SET statement_timeout = 77; SELECT 1'])(
  'what is no more than a beginning does not: %s',
  async (text) => {
    const { lane, client } = await visitor()
    await client.query(text)
    await client.query('SET lock_timeout = 88')
    await lane.reset({})
    const { rows } = await client.query("SELECT current_setting('lock_timeout') AS l")
    expect(rows).toEqual([{ l: '0' }])
  },
)

test('what Lockstep sets for a while does not outlast the run', async () => {
  const { lane, client, session } = await visitor()
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
