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
  { text: 'SELECT $1::int', values: [1] },
  { text: 'SELECT 1; SELECT 2;', values: [] },
  { text: 'BEGIN', values: [] },
])('what leaves nothing behind need not be undone: $text', async ({ text, values }) => {
  const { client, session } = await visitor()
  await client.query(text, values)
  expect(session().dirty).toBe(false)
})
