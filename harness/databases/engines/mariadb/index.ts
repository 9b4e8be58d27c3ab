import type { Engine } from '../../engine.ts'
import { InnodbLane } from '../innodb/lane.ts'
import { readSettings } from '../innodb/settings.ts'
import { classes } from './errors.ts'
import { check, snapshotIsolation } from './server.ts'
import { readLockWaits } from './waits.ts'

export const mariadb: Engine = {
  name: 'mariadb',
  title: 'MariaDB',
  defaultIsolation: 'repeatable-read',
  hasSnapshotIsolation: true,
  breaksEveryCircle: false,
  openLane: (server, options) =>
    InnodbLane.open(mariadb, { classes, check, snapshotIsolation, readLockWaits }, server, options),
  settings: (server) => readSettings(mariadb.title, server),
}
