import { createConnection, type RowDataPacket } from 'mysql2/promise'
import pg from 'pg'
import type { EngineName } from '../../engine-name.ts'
import { connectLimitMs } from './refusal.ts'

/** The version of the server at that URL, as it says itself. */
export const askVersion = (engine: EngineName, url: string): Promise<string> => ask[engine](url)

async function askPostgres(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectLimitMs })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    return `PostgreSQL ${rows[0]?.server_version}`
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function askMysql(url: string, title: string): Promise<string> {
  const connection = await createConnection({ uri: url, connectTimeout: connectLimitMs })
  connection.on('error', () => {})
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version')
    return `${title} ${rows[0]?.['version']}`
  } finally {
    connection.destroy()
  }
}

const ask: Readonly<Record<EngineName, (url: string) => Promise<string>>> = {
  postgres: askPostgres,
  mysql: (url) => askMysql(url, 'MySQL'),
  mariadb: (url) => askMysql(url, 'MariaDB'),
}
