import type { Engine } from '../../engine.ts'
import { PostgresLane } from './lane.ts'
import { readSettings } from './settings.ts'

export const postgres: Engine = {
  name: 'postgres',
  title: 'PostgreSQL',
  defaultIsolation: 'read-committed',
  hasSnapshotIsolation: false,
  breaksEveryCircle: true,
  openLane: (server, options) => PostgresLane.open(postgres, server, options),
  settings: readSettings,
}
