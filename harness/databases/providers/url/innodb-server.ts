/** What the checks of MySQL and MariaDB have in common. */
import { randomBytes } from 'node:crypto'
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { DatabaseFault, UsageError } from '../../../errors.ts'
import type { EngineName } from '../../engine-name.ts'
import type { ServerUrl } from './address.ts'
import {
  cannotConnect,
  connectLimitMs,
  requireConnections,
  requirePrivileges,
  requireVersion,
} from './refusal.ts'

/** What is wanted of a server. */
interface Wanted {
  readonly engine: Extract<EngineName, 'mysql' | 'mariadb'>
  readonly title: string
  readonly oldestVersion: string
  /** Whether nobody could tell who waits for whom without it. */
  readonly needsPerformanceSchema: boolean
  missing(connection: Connection): Promise<readonly string[]>
}

/**
 * @throws {UsageError} when it is the other of the two.
 * @throws {DatabaseFault} when Lockstep cannot work there, with what to do about it.
 */
export async function checkServer(server: ServerUrl, wanted: Wanted): Promise<void> {
  let connection: Connection | undefined
  try {
    connection = await createConnection({ uri: server.url, connectTimeout: connectLimitMs })
    // A statement's rejection says it too.
    connection.on('error', () => {})
    await check(connection, server, wanted)
  } catch (error) {
    if (error instanceof DatabaseFault || error instanceof UsageError) throw error
    throw cannotConnect(wanted.title, server, error)
  } finally {
    connection?.destroy()
  }
}

interface Facts {
  readonly version: string
  readonly instrumented: number
  readonly most: number
  readonly mostOfUser: number
}

async function check(connection: Connection, server: ServerUrl, wanted: Wanted): Promise<void> {
  const facts = await askOne<Facts>(
    connection,
    `SELECT VERSION() AS version, @@performance_schema AS instrumented,
            @@max_connections AS most, @@max_user_connections AS mostOfUser`,
  )
  requireEngine(server, wanted, facts.version)
  requireVersion(wanted.title, server, facts.version, wanted.oldestVersion)
  const at = `${wanted.title} at ${server.place}`
  if (wanted.needsPerformanceSchema && facts.instrumented !== 1) {
    throw new DatabaseFault(
      `${at} does not tell who waits for whom: start it with performance_schema=ON.`,
    )
  }
  requireConnections(wanted.title, server, await freeConnections(connection, facts))
  const missing = await wanted.missing(connection)
  requirePrivileges(wanted.title, server, await account(connection), missing)
}

function requireEngine({ place }: ServerUrl, wanted: Wanted, version: string): void {
  const isMariadb = version.includes('MariaDB')
  if (isMariadb !== (wanted.engine === 'mariadb')) {
    const [name, engine] = isMariadb ? ['MariaDB', 'mariadb'] : ['MySQL', 'mysql']
    throw new UsageError(
      `The server at ${place} is ${name} ${version}, and not ${wanted.title}: choose --database ${engine}.`,
    )
  }
}

/** The connection that asks is given back. */
async function freeConnections(
  connection: Connection,
  { most, mostOfUser }: Facts,
): Promise<number> {
  const { Value } = await askOne<{ Value: string }>(
    connection,
    `SHOW GLOBAL STATUS LIKE 'Threads_connected'`,
  )
  const free = most - Number(Value) + 1
  return mostOfUser > 0 ? Math.min(free, mostOfUser) : free
}

/** The only row of an answer. */
export async function askOne<T>(connection: Connection, statement: string): Promise<T> {
  const [rows] = await connection.query<(RowDataPacket & T)[]>(statement)
  return rows[0] as T
}

/** The user as `GRANT` names them. */
export async function account(connection: Connection): Promise<string> {
  const { user } = await askOne<{ user: string }>(connection, 'SELECT CURRENT_USER() AS user')
  const at = user.lastIndexOf('@')
  return `'${user.slice(0, at)}'@'${user.slice(at + 1)}'`
}

const denials = new Set([
  'ER_DBACCESS_DENIED_ERROR',
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_COLUMNACCESS_DENIED_ERROR',
  'ER_SPECIFIC_ACCESS_DENIED_ERROR',
  'ER_ACCESS_DENIED_ERROR',
])

/** Whether the user may run a statement, found out by running it: privileges come by many ways. */
export async function isAllowed(connection: Connection, statement: string): Promise<boolean> {
  try {
    await connection.query(statement)
    return true
  } catch (error) {
    const { code = '' } = error as { readonly code?: string }
    if (denials.has(code)) return false
    throw error
  }
}

/** Whether the user may do all that a lane does in a database of its own. */
export async function missingOnOwnDatabase(connection: Connection): Promise<readonly string[]> {
  const database = `lockstep_${randomBytes(6).toString('hex')}`
  const grant = [`GRANT ALL PRIVILEGES ON \`lockstep\\_%\`.* TO ${await account(connection)}`]
  const drop = `DROP DATABASE IF EXISTS ${database}`
  // First, so that nothing is left behind by a user who may create and not drop.
  if (!(await isAllowed(connection, drop))) return grant
  try {
    for (const statement of laneStatements(database)) {
      if (!(await isAllowed(connection, statement))) return grant
    }
    return []
  } finally {
    await isAllowed(connection, drop)
  }
}

const laneStatements = (database: string): readonly string[] => [
  `CREATE DATABASE ${database}`,
  `CREATE TABLE ${database}.probe (id INT PRIMARY KEY) ENGINE=InnoDB`,
  `CREATE TABLE ${database}.child (id INT REFERENCES probe (id)) ENGINE=InnoDB`,
  `ALTER TABLE ${database}.probe ADD COLUMN n INT`,
  `CREATE INDEX probe_n ON ${database}.probe (n)`,
  `INSERT INTO ${database}.probe VALUES (1, 1)`,
  `UPDATE ${database}.probe SET n = 2`,
  `SELECT id FROM ${database}.probe FOR UPDATE`,
  `DELETE FROM ${database}.probe`,
  `CREATE TRIGGER ${database}.probe_insert BEFORE INSERT ON ${database}.probe FOR EACH ROW SET NEW.n = 1`,
  `DROP TABLE ${database}.child, ${database}.probe`,
]
