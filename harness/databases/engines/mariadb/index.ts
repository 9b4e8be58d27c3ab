import type { Engine } from '../../engine.ts'
import { InnodbLane, type Variant } from '../innodb/lane.ts'
import { readSettings } from '../innodb/settings.ts'
import { classes } from './errors.ts'
import { check, snapshotIsolation } from './server.ts'
import { readLockWaits } from './waits.ts'

const variant: Variant = {
  classes,
  // Source: MariaDB manual, "WAIT and NOWAIT": zero is not to wait at all.
  shortLockWaits: 'SET SESSION innodb_lock_wait_timeout = 0, lock_wait_timeout = 0',
  check,
  snapshotIsolation,
  readLockWaits,
}

export const mariadb: Engine = {
  name: 'mariadb',
  title: 'MariaDB',
  defaultIsolation: 'repeatable-read',
  hasSnapshotIsolation: true,
  breaksEveryCircle: false,
  openLane: (server, options) => InnodbLane.open(mariadb, variant, server, options),
  settings: (server) => readSettings(mariadb.title, server),
}
