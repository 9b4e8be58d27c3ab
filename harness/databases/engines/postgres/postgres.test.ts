import { expect, test } from 'vitest'
import { testServer } from '../../../testing/lane.ts'
import { describeEngineLaws } from '../../engine-laws.ts'
import { obtainServer } from '../../providers/index.ts'
import type { DatabaseServer } from '../../server.ts'
import { statement } from '../../statement.ts'
import { connect, withDatabase } from './client.ts'
import { postgres } from './index.ts'

function describeLaws(title: string, server: () => DatabaseServer): void {
  describeEngineLaws({
    title,
    open: (isolation = postgres.defaultIsolation) => postgres.openLane(server(), { isolation }),
    outsider: async ({ database }) => {
      const client = await connect(withDatabase(server().url, database))
      return { ask: (text) => client.query(text), close: () => client.end() }
    },
    closerIsVictim: true,
    serializableReadsLock: false,
    userLock: {
      take: statement(['SELECT pg_advisory_lock(1)']),
      release: statement(['SELECT pg_advisory_unlock(1)']),
    },
    cancel: ({ id }) => `SELECT pg_cancel_backend(${id})`,
    kill: ({ id }) => `SELECT pg_terminate_backend(${id})`,
  })
}

describeLaws('PostgreSQL (embedded)', testServer)

const byUrl = await obtainServer(postgres, { url: testServer().url })
describeLaws('PostgreSQL (url)', () => byUrl)

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
