import { afterAll, expect, test } from 'vitest'
import type { Engine } from '../databases/engine.ts'
import { engines } from '../databases/engines/index.ts'
import { ask, connect as connectInnodb, disconnect } from '../databases/engines/innodb/client.ts'
import { connect as connectPostgres, withDatabase } from '../databases/engines/postgres/client.ts'
import type { DatabaseServer } from '../databases/server.ts'
import { mortalServerForFile, serverForFile, type Missing } from '../testing/servers.ts'
import { faultNames } from './fault.ts'
import { faultLaws, type StruckEngine } from './laws.ts'
import { faultScopes, faultTypes, needsDurability } from './index.ts'

test('the table has every kind of fault under its name', () => {
  expect(Object.keys(faultTypes)).toEqual(faultNames)
  for (const [name, type] of Object.entries(faultTypes)) {
    expect(type.name).toBe(name)
    expect(type.name).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(type.summary).toMatch(/^[A-Z][^\n]*[^\n.]\.$/)
    expect(type.title).toMatch(/^[a-z][^\n]*[^\n.]$/)
  }
})

test('each selection of kinds has all of the one before', () => {
  expect(faultScopes.none).toEqual([])
  expect(faultScopes.all).toEqual(expect.arrayContaining([...faultScopes.connection]))
  expect(faultScopes.all).toEqual(faultNames)
})

const postgresLeftovers = `
  SELECT count(*)::int AS sessions,
    count(*) FILTER (WHERE xact_start IS NOT NULL OR pid IN (
      SELECT pid FROM pg_locks WHERE locktype <> 'virtualxid'))::int AS busy
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`

const innodbLeftovers = `
  SELECT COUNT(*) AS sessions, COUNT(t.trx_id) AS busy
  FROM information_schema.PROCESSLIST p
  LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID
  WHERE p.DB = DATABASE() AND p.ID <> CONNECTION_ID()`

type Counts = { readonly sessions: number; readonly busy: number }

const look = {
  async postgres(url: string, database: string): Promise<Counts> {
    const client = await connectPostgres(withDatabase(url, database))
    const { rows } = await client.query<Counts>(postgresLeftovers)
    await client.end()
    return rows[0] ?? { sessions: 0, busy: 0 }
  },
  innodb:
    (title: string) =>
    async (url: string, database: string): Promise<Counts> => {
      const connection = await connectInnodb(title, url, { database })
      const [row] = await ask<Counts[]>(connection, innodbLeftovers)
      await disconnect(connection)
      return { sessions: row?.sessions ?? 0, busy: row?.busy ?? 0 }
    },
}

async function onEngine(
  engine: Engine,
  obtain: (engine: Engine) => Promise<DatabaseServer | Missing>,
): Promise<StruckEngine> {
  const server = await obtain(engine)
  const missing = 'missing' in server ? server.missing : undefined
  const obtained = () => {
    if ('missing' in server) throw new Error(server.missing)
    return server
  }
  afterAll(() => ('missing' in server ? undefined : server.stop()))
  const count = engine.name === 'postgres' ? look.postgres : look.innodb(engine.title)
  return {
    engine,
    missing,
    server: obtained,
    slow: engine.name === 'mysql' ? ['lock-timeout', 'server-killed'] : ['server-killed'],
    leftovers: ({ database }) => count(obtained().url, database),
  }
}

for (const engine of engines) {
  const struck = await onEngine(engine, serverForFile)
  const mortal = await onEngine(engine, mortalServerForFile)
  for (const name of faultNames) {
    faultLaws(faultTypes[name], needsDurability([name]) ? mortal : struck)
  }
}
