import type { NetConnectOpts } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { DatabaseFault } from '../../../errors.ts'
import { isolationSql, type IsolationLevel } from '../../isolation.ts'

/**
 * How long a waiting session waits before it looks for a deadlock, in milliseconds. Each waiter looks
 * once. The session that closes a cycle looks after `closerTimeoutMs` instead (see `session.ts`), so
 * it is the victim, in every run. The longer time is only there to break a cycle that no session
 * closed by sending a statement, such as one that forms when a lock is handed on. It is longer than
 * runs take even on a busy machine: a session that happened to look just when somebody else closed a
 * cycle would be the victim instead.
 * Source: PostgreSQL manual, 19.12 "Lock Management", deadlock_timeout.
 */
export const waiterTimeoutMs = 1_000
export const closerTimeoutMs = 1

/** How long a server may take to accept a connection before it counts as out of reach. */
const connectionTimeoutMs = 10_000

const { getTypeParser } = pg.types

const types: pg.CustomTypesConfig = {
  // Counts and sums arrive as bigint. As text, `count < cap` would compare letters.
  getTypeParser: ((oid, format) =>
    oid === pg.types.builtins.INT8 ? Number : getTypeParser(oid, format)) as typeof getTypeParser,
}

/**
 * A connected client, with PostgreSQL's own settings for its session. A query that takes longer than
 * `timeoutMs`, if given, is an error.
 */
export async function connect(
  url: string,
  settings: Readonly<Record<string, string>> = {},
  timeoutMs?: number,
  applicationName = 'lockstep',
): Promise<pg.Client> {
  const options = Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/([ \\])/g, '\\$1')}`)
    .join(' ')
  const client = new pg.Client({
    connectionString: url,
    types,
    pipeline: true,
    connectionTimeoutMillis: connectionTimeoutMs,
    ...(timeoutMs !== undefined && { query_timeout: timeoutMs }),
    application_name: applicationName,
    ...(options === '' ? {} : { options }),
  })
  // A loss is reported by the statement under way, or the next one. It may be told of in the same packet as
  // that the server is ready, so nobody could listen in time who waits for that.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => undefined)
    const reason = error instanceof Error ? error.message : String(error)
    throw new DatabaseFault(
      `PostgreSQL at ${withoutPassword(url)} cannot be reached: ${reason || 'no answer'}.`,
    )
  }
  return client
}

export function sessionSettings(isolation: IsolationLevel): Record<string, string> {
  return {
    default_transaction_isolation: isolationSql(isolation).toLowerCase(),
    deadlock_timeout: `${waiterTimeoutMs}ms`,
    // A prepared statement is planned anew for its first five runs and then perhaps once and for all:
    // the same plan should meet the same locks every time.
    plan_cache_mode: 'force_generic_plan',
  }
}

export function withDatabase(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

/** Where a socket has to connect to, whatever is said there. */
export function addressOf(url: string): NetConnectOpts {
  const { hostname, port, searchParams } = new URL(url)
  const number = port === '' ? defaultPort : Number(port)
  const folder = searchParams.get('host')
  if (folder?.startsWith('/')) return { path: join(folder, `.s.PGSQL.${number}`) }
  return { host: folder ?? hostname.replace(/^\[(.*)\]$/, '$1'), port: number }
}

const defaultPort = 5432

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url)
    const folder = parsed.searchParams.get('host')
    return folder ?? `${parsed.hostname}:${parsed.port || '5432'}`
  } catch {
    return 'the given URL'
  }
}
