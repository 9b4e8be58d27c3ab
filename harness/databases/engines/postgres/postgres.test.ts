import { expect, test } from 'vitest'
import { openLane, testServer } from '../../../testing/lane.ts'
import { describeEngineLaws } from '../../engine-laws.ts'
import { statement } from '../../statement.ts'
import { connect, withDatabase } from './client.ts'

describeEngineLaws({
  title: 'PostgreSQL',
  open: openLane,
  outsider: async (lane) => {
    const client = await connect(withDatabase(testServer().url, lane.database))
    return { ask: (text) => client.query(text), close: () => client.end() }
  },
})

test('a server that is not there is a fault with one sentence', async () => {
  await expect(connect('postgres://nobody@127.0.0.1:1/nothing')).rejects.toThrow(
    /^PostgreSQL at 127\.0\.0\.1:1 cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1\.$/,
  )
})

test('an advisory lock is a wait, and does not outlive the run that took it', async () => {
  const lane = await openLane()
  try {
    await lane.prepare([], [])
    const [a, b] = await lane.sessions(2)
    if (!a || !b) throw new Error('two sessions were asked for')
    const take = statement(['SELECT pg_advisory_lock(1)'])
    await a.execute(take, [])
    const waiting = b.execute(take, [])
    let waits = await lane.waits([b])
    while (waits.length === 0) waits = await lane.waits([b])
    expect(waits[0]?.blockers).toEqual([a])
    await a.execute(statement(['SELECT pg_advisory_unlock(1)']), [])
    await waiting
    await lane.reset({})
    expect((await a.execute(statement(['SELECT pg_try_advisory_lock(1) AS free']), [])).ok).toBe(
      true,
    )
    await lane.reset({})
    const free = await b.execute(statement(['SELECT pg_try_advisory_lock(1) AS free']), [])
    expect(free).toMatchObject({ rows: [{ free: true }] })
  } finally {
    await lane.close()
  }
})
