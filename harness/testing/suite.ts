import { afterAll, beforeAll, describe, type TestOptions } from 'vitest'
import type { Engine, Lane } from '../databases/engine.ts'
import type { DatabaseServer } from '../databases/server.ts'
import type { Missing } from './servers.ts'

/**
 * Declares tests on a lane at read committed, of a server that is theirs alone and stops after them. Where
 * there is none, they are skipped, with the reason in the name of the suite.
 *
 * @param what the suite's name, which the engine's title follows
 */
export function describeOnServer(
  what: string,
  engine: Engine,
  server: DatabaseServer | Missing,
  declare: (lane: () => Lane) => void,
  options: TestOptions = {},
): void {
  const missing = 'missing' in server ? ` (not run: ${server.missing})` : ''
  describe.skipIf(missing !== '')(`${what} ${engine.title}${missing}`, options, () => {
    let lane: Lane
    beforeAll(async () => {
      if ('missing' in server) return
      lane = await engine.openLane(server, { isolation: 'read-committed' })
    })
    afterAll(async () => {
      await lane?.close()
      if (!('missing' in server)) await server.stop()
    })
    declare(() => lane)
  })
}
