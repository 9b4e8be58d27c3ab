import pg from 'pg'
import { DatabaseFault } from '../../../errors.ts'
import type { ServerUrl } from './address.ts'
import {
  cannotConnect,
  connectLimitMs,
  requireConnections,
  requirePrivileges,
  requireVersion,
} from './refusal.ts'

const title = 'PostgreSQL'

/** @throws {DatabaseFault} when Lockstep cannot work there, with what to do about it. */
export async function checkPostgres(server: ServerUrl): Promise<void> {
  const client = new pg.Client({
    connectionString: server.url,
    connectionTimeoutMillis: connectLimitMs,
    query_timeout: connectLimitMs,
    application_name: 'lockstep',
  })
  // A statement's rejection says it too.
  client.on('error', () => {})
  try {
    await client.connect()
    await check(client, server)
  } catch (error) {
    throw error instanceof DatabaseFault ? error : cannotConnect(title, server, error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

interface Facts {
  readonly version: string
  readonly number: string
  readonly standby: boolean
  readonly user: string
  readonly free: number
}

async function check(client: pg.Client, server: ServerUrl): Promise<void> {
  const { version, number, standby, user, free } = await askFacts(client)
  if (!version.startsWith(`${title} `)) {
    throw new DatabaseFault(`The server at ${server.place} is not ${title}: it is ${version}.`)
  }
  // DROP DATABASE … WITH (FORCE) came with it.
  requireVersion(title, server, number, '13')
  if (standby) {
    throw new DatabaseFault(
      `${title} at ${server.place} is a standby, which takes no writes: give the URL of its primary.`,
    )
  }
  requireConnections(title, server, free)
  requirePrivileges(title, server, user, await missingOnPostgres(client))
}

async function askFacts(client: pg.Client): Promise<Facts> {
  // The connection that asks is given back.
  const { rows } = await client.query<Facts>(`
    SELECT version(), current_setting('server_version') AS number,
           pg_is_in_recovery() AS standby, quote_ident(current_user) AS "user",
           1 + (current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int
             - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'))::int AS free`)
  return rows[0] as Facts
}

/** The statements by which an administrator gives the user what Lockstep needs and they do not have. */
export async function missingOnPostgres(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{
    user: string
    major: number
    createdb: boolean
    super: boolean
  }>(`
    SELECT quote_ident(rolname) AS "user", rolcreatedb AS createdb, rolsuper AS super,
           current_setting('server_version_num')::int / 10000 AS major
      FROM pg_roles WHERE rolname = current_user`)
  const [role] = rows
  if (!role || role.super) return []
  return [
    ...(role.createdb ? [] : [`ALTER ROLE ${role.user} CREATEDB`]),
    ...(await missingSetting(client, role)),
  ]
}

/** Lockstep decides who finds a deadlock, by a setting that is not everybody's. */
async function missingSetting(
  client: pg.Client,
  { user, major }: { readonly user: string; readonly major: number },
): Promise<readonly string[]> {
  // Until 15 it could not be granted by itself.
  if (major < 15) return [`ALTER ROLE ${user} SUPERUSER`]
  const { rows } = await client.query<{ allowed: boolean }>(
    `SELECT has_parameter_privilege('deadlock_timeout', 'SET') AS allowed`,
  )
  return rows[0]?.allowed ? [] : [`GRANT SET ON PARAMETER deadlock_timeout TO ${user}`]
}
