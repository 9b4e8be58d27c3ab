import { expect, test } from 'vitest'
import { byName, engines, explore, random, type EngineName } from '../harness/index.ts'
import { mortalServerForFile } from '../harness/testing/servers.ts'
import { describeOnServer } from '../harness/testing/suite.ts'
import { whyNotRun } from './describe-applications.ts'
import type { ApplicationId } from './expectations.ts'
import { loadApplication } from './load.ts'

/** Libraries that keep connections each in their own way, and a program in another language. */
const onEngines: readonly (readonly [EngineName, readonly ApplicationId[]])[] = [
  ['postgres', ['pg/unique-constraint', 'prisma/unique-constraint', 'psycopg/unique-constraint']],
  ['mariadb', ['mysql2/select-for-update', 'mariadb/conditional-update']],
]

for (const [name, ids] of onEngines) {
  const engine = byName('database', engines, name)
  const server = await mortalServerForFile(engine)
  describeOnServer('applications of a killed', engine, server, (lane) => {
    test.for(ids)('%s has kept what it has said', async (id, { skip }) => {
      const reason = whyNotRun(id)
      if (reason !== undefined) skip(reason)
      const found = await explore({
        lane: lane(),
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
