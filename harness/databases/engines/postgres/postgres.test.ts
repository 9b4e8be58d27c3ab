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
