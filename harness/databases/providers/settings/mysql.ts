/** Options of `mysqld`, by name. They count before any configuration file's. */
export type ServerOptions = Readonly<Record<string, string | number>>

/** Whether what is committed has to outlive a kill of the server. */
export interface Durability {
  readonly durable: boolean
}

/**
 * What InnoDB does for it. Where it does nothing, the data outlives nothing: a server that crashed is
 * removed, never recovered.
 */
export const durabilityOptions = ({ durable }: Durability): ServerOptions => ({
  innodb_flush_log_at_trx_commit: Number(durable),
  sync_binlog: Number(durable),
  innodb_doublewrite: Number(durable),
})

export const commonOptions = {
  // Background work would take the processor and locks at moments that no schedule chose, and new
  // statistics could change a plan, and with it the order in which rows get locked, half way
  // through an exploration.
  innodb_stats_persistent: 0,
  innodb_stats_auto_recalc: 0,
  event_scheduler: 'OFF',
  // One latch more for every look-up, and tables here have a few rows.
  innodb_adaptive_hash_index: 'OFF',

  // Room for many lanes of several actors each.
  max_connections: 600,
  // Names of clients are looked up before they are let in, which can take seconds.
  skip_name_resolve: 'ON',
  innodb_buffer_pool_size: '64M',
  // TRUNCATE, which brings every run its empty tables, takes half the time without a file for each.
  innodb_file_per_table: 'OFF',

  // The same results whatever machine this is.
  character_set_server: 'utf8mb4',
  default_time_zone: '+00:00',

  // How waits are seen: data_lock_waits in MySQL, metadata_locks in both.
  performance_schema: 'ON',
} as const satisfies ServerOptions

/**
 * Metadata locks need this instrument, data locks need none, and each other one makes every statement
 * dearer.
 */
const instruments = ['%=OFF', 'wait/lock/metadata/sql/mdl=ON']

/** As `mysqld` and `mariadbd` take them. */
export const toArguments = (options: ServerOptions): readonly string[] => [
  ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
  ...instruments.map((instrument) => `--performance_schema_instrument=${instrument}`),
]

/** What every MySQL that Lockstep starts is told. */
export const mysqlArguments = (durability: Durability): readonly string[] =>
  toArguments({
    ...durabilityOptions(durability),
    ...commonOptions,
    disable_log_bin: 'ON',
    innodb_redo_log_capacity: '8M',
    // A second protocol on a port of its own.
    mysqlx: 'OFF',
  })
