import type { DatabaseServer } from '../../server.ts'
import { controlTimeoutMs } from '../base-lane.ts'
import { connect } from './client.ts'

/** What decides how fast a server is, and what its transactions may see. */
const names = [
  'autovacuum',
  'deadlock_timeout',
  'default_transaction_isolation',
  'fsync',
  'full_page_writes',
  'jit',
  'max_connections',
  'server_version',
  'shared_buffers',
  'synchronous_commit',
  'wal_level',
]

/** Settings of the server that matter to whoever reads its figures, by name, as it writes them. */
export async function readSettings(server: DatabaseServer): Promise<Record<string, string>> {
  const client = await connect(server.url, {}, controlTimeoutMs)
  try {
    const { rows } = await client.query<{ name: string; value: string }>(
      'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name',
      [names],
    )
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
  } finally {
    await client.end().catch(() => undefined)
  }
}
