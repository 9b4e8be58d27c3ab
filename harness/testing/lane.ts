import { inject, onTestFinished } from 'vitest'
import type { Engine, Lane } from '../databases/engine.ts'
import { postgres } from '../databases/engines/postgres/index.ts'
import type { IsolationLevel, IsolationSetting } from '../databases/isolation.ts'
import type { DatabaseServer } from '../databases/server.ts'

/** Why this test run has no server of the engine, or undefined when it has one. */
export function whyMissing(engine: Engine): string | undefined {
  const server = inject('servers')[engine.name]
  return 'missing' in server ? server.missing : undefined
}

/** The server of this test run. Stopping it is not the caller's business. */
export function testServer(engine: Engine = postgres): DatabaseServer {
  const server = inject('servers')[engine.name]
  if ('missing' in server) throw new Error(server.missing)
  return { ...server, engine: engine.name, stop: () => Promise.resolve() }
}

/** A lane that the caller closes: for a whole file, in `beforeAll` and `afterAll`. */
export function openLane(isolation?: IsolationLevel, engine: Engine = postgres): Promise<Lane> {
  return openLaneAt({ isolation: isolation ?? engine.defaultIsolation }, engine)
}

export const openLaneAt = (setting: IsolationSetting, engine: Engine): Promise<Lane> =>
  engine.openLane(testServer(engine), setting)

/** A lane that is closed at the end of the test that asked for it. */
export async function laneForTest(isolation?: IsolationLevel, engine?: Engine): Promise<Lane> {
  const lane = await openLane(isolation, engine)
  onTestFinished(() => lane.close())
  return lane
}
