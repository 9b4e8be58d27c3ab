import type { Engine } from '../../engine.ts'
import { InnodbLane, type Variant } from '../innodb/lane.ts'
import { readSettings } from '../innodb/settings.ts'
import { classes } from './errors.ts'
import { check } from './server.ts'
import { TransactionOwners } from './waits.ts'

/** Source: MySQL manual, 17.14 "InnoDB Startup Options and System Variables": one second is the least. */
const shortLockWaits = 'SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1'

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
      shortLockWaits,
      check,
      snapshotIsolation: () => Promise.resolve(undefined),
      readLockWaits: (watcher, sessions) => owners.readWaits(watcher, sessions),
    }
    return InnodbLane.open(mysql, variant, server, options)
  },
  settings: (server) => readSettings(mysql.title, server),
}
