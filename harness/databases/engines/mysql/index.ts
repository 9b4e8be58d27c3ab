import type { Engine } from '../../engine.ts'
import { InnodbLane, type Variant } from '../innodb/lane.ts'
import { readSettings } from '../innodb/settings.ts'
import { classes } from './errors.ts'
import { check } from './server.ts'
import { TransactionOwners } from './waits.ts'

export const mysql: Engine = {
  name: 'mysql',
  title: 'MySQL',
  defaultIsolation: 'repeatable-read',
  hasSnapshotIsolation: false,
  breaksEveryCircle: false,
  openLane(server, options) {
    const owners = new TransactionOwners()
    const variant: Variant = {
      classes,
      check,
      snapshotIsolation: () => Promise.resolve(undefined),
      readLockWaits: (watcher, sessions) => owners.readWaits(watcher, sessions),
    }
    return InnodbLane.open(mysql, variant, server, options)
  },
  settings: (server) => readSettings(mysql.title, server),
}
