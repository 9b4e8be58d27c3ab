import { afterAll, beforeAll, describe } from 'vitest'
import type { Engine, Lane } from '../databases/engine.ts'
import { mortalServerForFile } from './servers.ts'

/**
 * Declares tests on a lane at read committed whose server can be killed. It is theirs alone, and stops
 * after them. Where there is none, they are skipped, with the reason in the name of the suite.
 *
 * @param what the suite's name, which the engine's title follows
 */
export async function describeMortal(
  what: string,
  engine: Engine,
  declare: (lane: () => Lane) => void,
): Promise<void> {
  const server = await mortalServerForFile(engine)
  const missing = 'missing' in server ? server.missing : undefined
  const suite = missing === undefined ? engine.title : `${engine.title} (not run: ${missing})`
  describe.skipIf(missing !== undefined)(`${what} ${suite}`, () => {
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
