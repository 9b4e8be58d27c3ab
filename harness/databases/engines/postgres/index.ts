import type { Engine } from '../../engine.ts'
import { PostgresLane } from './lane.ts'

export const postgres: Engine = {
  name: 'postgres',
  title: 'PostgreSQL',
  defaultIsolation: 'read-committed',
  hasSnapshotIsolation: false,
  breaksEveryCircle: true,
  openLane: (server, options) => PostgresLane.open(postgres, server, options),
}
