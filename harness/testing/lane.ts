import { inject, onTestFinished } from 'vitest'
import type { Engine, Lane } from '../databases/engine.ts'
import { postgres } from '../databases/engines/postgres/index.ts'
import type { IsolationLevel } from '../databases/isolation.ts'
import type { DatabaseServer } from '../databases/server.ts'

/** The server of this test run. Stopping it is not the caller's business. */
export const testServer = (): DatabaseServer => ({
  engine: 'postgres',
  provider: 'embedded',
  url: inject('postgres'),
  stop: () => Promise.resolve(),
})

/** A lane that the caller closes: for a whole file, in `beforeAll` and `afterAll`. */
export function openLane(isolation?: IsolationLevel, engine: Engine = postgres): Promise<Lane> {
  return engine.openLane(testServer(), { isolation: isolation ?? engine.defaultIsolation })
}

/** A lane that is closed at the end of the test that asked for it. */
export async function laneForTest(isolation?: IsolationLevel): Promise<Lane> {
  const lane = await openLane(isolation)
  onTestFinished(() => lane.close())
  return lane
}
