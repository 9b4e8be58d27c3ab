import { commonOptions, durabilityOptions, toArguments, type Durability } from './mysql.ts'

/** What every MariaDB that Lockstep starts is told. */
export const mariadbArguments = (durability: Durability): readonly string[] =>
  toArguments({
    ...durabilityOptions(durability),
    ...commonOptions,
    skip_log_bin: 'ON',
    innodb_log_file_size: '8M',
    // Which locks a waiting transaction holds, in SHOW ENGINE INNODB STATUS.
    innodb_status_output_locks: 'ON',
  })
