import { expect, test } from 'vitest'
import { explore, random } from '../harness/index.ts'
import { laneForTest } from '../harness/testing/lane.ts'
import { whyNotRun } from './describe-applications.ts'
import { loadApplication } from './load.ts'

const id = 'psycopg/unique-constraint'

test(`${id} connects again when its connection is lost, and keeps what it has said`, async ({
  skip,
}) => {
  const reason = whyNotRun(id)
  if (reason !== undefined) skip(reason)
  const found = await explore({
    lane: await laneForTest(),
    strategy: await loadApplication(id),
    explorer: random,
    seed: 1,
    grains: ['statement'],
    faults: ['session-killed', 'request-lost', 'answer-lost'],
    schedules: 30,
  })
  if (found.verdict === 'inconclusive') throw new Error(found.reason)
  expect(found).toMatchObject({ verdict: 'holds', schedules: 30 })
  for (const times of Object.values(found.faults ?? {})) expect(times).toBeGreaterThan(0)
})
