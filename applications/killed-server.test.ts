import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { byName, engines, explore, random, type EngineName, type Lane } from '../harness/index.ts'
import { mortalServerForFile } from '../harness/testing/servers.ts'
import { whyNotRun } from './describe-applications.ts'
import type { ApplicationId } from './expectations.ts'
import { loadApplication } from './load.ts'

/** Libraries that keep connections each in their own way, and a program in another language. */
const onEngines: readonly (readonly [EngineName, readonly ApplicationId[]])[] = [
  ['postgres', ['pg/unique-constraint', 'prisma/unique-constraint', 'psycopg/unique-constraint']],
  ['mariadb', ['mysql2/select-for-update', 'mariadb/conditional-update']],
]

async function describeOn(name: EngineName, ids: readonly ApplicationId[]): Promise<void> {
  const engine = byName('database', engines, name)
  const server = await mortalServerForFile(engine)
  const missing = 'missing' in server ? server.missing : undefined
  const suite = missing === undefined ? engine.title : `${engine.title} (not run: ${missing})`
  describe.skipIf(missing !== undefined)(`applications of a killed ${suite}`, () => {
    let lane: Lane
    beforeAll(async () => {
      if ('missing' in server) return
      lane = await engine.openLane(server, { isolation: 'read-committed' })
    })
    afterAll(async () => {
      await lane?.close()
      if (!('missing' in server)) await server.stop()
    })

    test.for(ids)('%s has kept what it has said', async (id, { skip }) => {
      const reason = whyNotRun(id)
      if (reason !== undefined) skip(reason)
      const found = await explore({
        lane,
        strategy: await loadApplication(id),
        explorer: random,
        seed: 1,
        grains: ['statement'],
        faults: ['server-killed'],
        schedules: 10,
        selfCheckEvery: 3,
      })
      if (found.verdict === 'inconclusive') throw new Error(found.reason)
      expect(found).toMatchObject({ verdict: 'holds', selfCheck: { differences: 0 } })
      expect(found.faults?.['server-killed']).toBeGreaterThan(0)
    })
  })
}

for (const [name, ids] of onEngines) await describeOn(name, ids)
