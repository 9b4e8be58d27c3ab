import type { Settings } from '../keeper/kind.ts'

/**
 * Whether what is committed outlives a kill of the server. Where it does not, the data outlives
 * nothing: a server that crashed is removed, never recovered.
 */
const durability = (durable: boolean) =>
  ({
    fsync: durable,
    synchronous_commit: durable,
    full_page_writes: durable,
    // What nobody asked to have on disk is lost with the server, and not kept by the chance that a process
    // of its own had put it there a moment before.
    ...(durable && { wal_writer_delay: '10s', bgwriter_lru_maxpages: 0 }),
  }) satisfies Settings

/** What every PostgreSQL that Lockstep starts is set to. */
const commonSettings = {
  // Background work would take the processor and locks at moments that no schedule chose, and new
  // statistics could change a plan, and with it the order in which rows get locked, half way
  // through an exploration.
  autovacuum: false,
  checkpoint_timeout: '1h',
  // Compiling takes longer than any statement here runs.
  jit: false,
  // Saves the process that starts subscribers, of which there are none.
  max_logical_replication_workers: 0,

  // Each session looks for a deadlock once, this long after it began to wait. The shortest there is
  // makes the victim predictable, and a deadlock costs about a millisecond instead of a second.
  deadlock_timeout: '1ms',
  // With a deadlock_timeout that short it would write a line for nearly every wait.
  log_lock_waits: false,

  // Room for many lanes of several actors each; an unused connection costs next to nothing.
  max_connections: 600,
  // The data is a few pages for each lane. More memory only makes DROP DATABASE slower.
  shared_buffers: '64MB',
  // Keeps the folder small. Checkpoints are cheap, as there is little data.
  min_wal_size: '32MB',
  max_wal_size: '128MB',
  // Shared memory as files of the data folder goes with the folder, even after a SIGKILL. The other
  // kinds would stay behind in the system.
  dynamic_shared_memory_type: 'mmap',

  // Strategies fail statements by the thousand on purpose. In the log's order of severity `log` is
  // above `error`: their messages are not even formatted for the log, while those that explain a
  // failed start are kept.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: false,

  // The same results whatever machine this is.
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
} as const satisfies Settings

/** The settings for a server of that major version, as it refuses to start with unknown ones. */
export const postgresSettingsFor = (
  majorVersion: number,
  { durable }: { readonly durable: boolean },
): Settings => ({
  ...commonSettings,
  ...durability(durable),
  // 18 reads through three worker processes by default; tables of a few rows have no use for them.
  ...(majorVersion >= 18 && { io_method: 'sync' }),
  // One call before recovery for all of the data folder's thousand files, not one for each.
  ...(durable &&
    majorVersion >= 14 &&
    process.platform === 'linux' && { recovery_init_sync_method: 'syncfs' }),
})
