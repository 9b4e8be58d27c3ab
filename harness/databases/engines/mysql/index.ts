import type { Engine } from '../../engine.ts'
import { InnodbLane } from '../innodb/lane.ts'
import { classes } from './errors.ts'
import { check } from './server.ts'
import { readWaits } from './waits.ts'

export const mysql: Engine = {
  name: 'mysql',
  title: 'MySQL',
  defaultIsolation: 'repeatable-read',
  hasSnapshotIsolation: false,
  breaksEveryCircle: false,
  openLane: (server, options) =>
    InnodbLane.open(
      mysql,
      { classes, check, snapshotIsolation: () => Promise.resolve(undefined), readWaits },
      server,
      options,
    ),
}
