import mysql from 'mysql2'
import type { NetConnectOpts } from 'node:net'
import { DatabaseFault } from '../../../errors.ts'
import { controlTimeoutMs } from '../base-lane.ts'

/** How long a server may take to accept a connection before it counts as out of reach. */
const connectionTimeoutMs = 10_000

/** What `BOOLEAN` is short for. */
const booleanColumn = { type: 'TINY', length: 1 }

const typeCast: mysql.TypeCast = (field, next) => {
  const value: unknown = next()
  if (field.type !== booleanColumn.type || field.length !== booleanColumn.length) return value
  return value === null ? null : Boolean(Number(value))
}

/** Rows of one statement, or what a statement without rows came to. */
export type Answer = readonly Record<string, unknown>[] | mysql.ResultSetHeader

/** What a connection is for. */
export interface ConnectOptions {
  readonly database?: string
  /** Accepts several statements in one text: for Lockstep's own, never for code under test. */
  readonly multipleStatements?: boolean
}

/**
 * A connected client.
 *
 * @param title the engine's, as its makers write it
 */
export async function connect(
  title: string,
  url: string,
  options: ConnectOptions = {},
): Promise<mysql.Connection> {
  const connection = mysql.createConnection({
    uri: url,
    ...options,
    connectTimeout: connectionTimeoutMs,
    // Sums are decimals. As text, `sum < limit` would compare letters.
    decimalNumbers: true,
    // Numbers that would be rounded stay text: two different ones must not look the same.
    supportBigNumbers: true,
    typeCast,
  })
  // The statement under way, or the next one, reports it.
  connection.on('error', () => {})
  try {
    await new Promise<void>((done, fail) => {
      connection.connect((error) => (error ? fail(error) : done()))
    })
  } catch (error) {
    connection.destroy()
    const reason = error instanceof Error ? error.message : String(error)
    throw new DatabaseFault(
      `${title} at ${placeOf(url)} cannot be reached: ${reason || 'no answer'}.`,
    )
  }
  return connection
}

type Done = (error: mysql.QueryError | null, answer: unknown) => void

const answer = <T>(send: (done: Done) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    send((error, result) => (error ? reject(error) : resolve(result as T)))
  })

/** Sends a text of Lockstep's own. Several statements give an array of answers. */
export const ask = <T = Answer>(connection: mysql.Connection, text: string): Promise<T> =>
  answer((done) => connection.query({ sql: text, timeout: controlTimeoutMs }, done))

/** The same for one statement that is asked again and again. */
export const askPrepared = <T = Answer>(connection: mysql.Connection, text: string): Promise<T> =>
  answer((done) => connection.execute({ sql: text, timeout: controlTimeoutMs }, done))

/** What the server calls a connection. */
export interface SessionNumbers {
  /** In the process list. */
  readonly id: number
  /** Its thread's, in the performance schema. */
  readonly threadId: number
}

export async function identify(connection: mysql.Connection): Promise<SessionNumbers> {
  const [row] = await ask<{ id: number; threadId: number | null }[]>(
    connection,
    'SELECT CONNECTION_ID() AS id, (SELECT THREAD_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID()) AS threadId',
  )
  // Without a performance schema nobody has a number in it, and none is 0.
  return { id: row?.id ?? 0, threadId: row?.threadId ?? 0 }
}

export async function disconnect(connection: mysql.Connection): Promise<void> {
  await new Promise<void>((done) => {
    connection.end(() => done())
  })
}

const defaultPort = 3306

/** Where a socket has to connect to, whatever is said there. */
export function addressOf(url: string): NetConnectOpts {
  const { hostname, port, searchParams } = new URL(url)
  const path = searchParams.get('socketPath')
  if (path !== null) return { path }
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return { host, port: port === '' ? defaultPort : Number(port) }
}

function placeOf(url: string): string {
  const { hostname, port, searchParams } = new URL(url)
  return searchParams.get('socketPath') ?? `${hostname}:${port || defaultPort}`
}
