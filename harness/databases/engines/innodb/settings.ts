import type { DatabaseServer } from '../../server.ts'
import { ask, connect, disconnect } from './client.ts'

/** What decides how fast a server is, and what its transactions may see. Not every server has all. */
const names = [
  'innodb_autoinc_lock_mode',
  'innodb_buffer_pool_size',
  'innodb_deadlock_detect',
  'innodb_doublewrite',
  'innodb_flush_log_at_trx_commit',
  'innodb_lock_wait_timeout',
  'innodb_snapshot_isolation',
  'log_bin',
  'max_connections',
  'sync_binlog',
  'transaction_isolation',
  'version',
  'version_comment',
]

/** Settings of the server that matter to whoever reads its figures, by name, as it writes them. */
export async function readSettings(
  title: string,
  server: DatabaseServer,
): Promise<Record<string, string>> {
  const connection = await connect(title, server.url)
  const list = names.map((name) => `'${name}'`).join(', ')
  try {
    const rows = await ask<{ Variable_name: string; Value: string }[]>(
      connection,
      `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${list})`,
    )
    return Object.fromEntries(rows.map((row) => [row.Variable_name, row.Value]))
  } finally {
    await disconnect(connection)
  }
}
