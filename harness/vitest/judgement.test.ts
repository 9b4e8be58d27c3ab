import { expect, test } from 'vitest'
import type { Exploration } from '../verdict.ts'
import { purchase } from '../workloads/purchase.ts'
import { whyUnexpected } from './judgement.ts'

const explored = {
  workload: 'purchase',
  strategy: 'some',
  database: { engine: 'postgres', version: '18.4', provider: 'embedded' },
  isolation: 'read-committed',
  explorer: { name: 'random', seed: 1 },
  schedules: 5,
  exhausted: false,
  grains: [],
  elapsedMs: 10,
  schedulesPerSecond: 500,
  replies: { ok: 9, rejected: 1, aborted: {}, unknown: 0 },
  invariants: [],
  liveness: { runs: 5, commands: 10, aborted: {}, attemptsUsedUp: 0, runsWithoutProgress: 0 },
  selfCheck: { runs: 0, differences: 0, chosenByDatabase: 0 },
} as unknown as Exploration

const holds: Exploration = { ...explored, verdict: 'holds' }
const inconclusive: Exploration = {
  ...explored,
  verdict: 'inconclusive',
  reason: 'Nobody knows.',
  fault: 'harness',
}

test('what came as expected needs no words', () => {
  expect(whyUnexpected(purchase, holds, 'holds', undefined)).toBeUndefined()
})

test('what held and should not have is told with its report', () => {
  expect(whyUnexpected(purchase, holds, 'violated', undefined)).toMatch(
    /^some was expected to be violated, and held: nothing broke it this time\.\n\nHOLDS {2}purchase\/some on /,
  )
})

test.each(['holds', 'violated'] as const)('inconclusive is never %s', (expected) => {
  expect(whyUnexpected(purchase, inconclusive, expected, undefined)).toMatch(
    /^some could not be judged, which is not a pass\.[^]*Nobody knows\./,
  )
})

test('nothing holds that was not run', () => {
  const nothing: Exploration = { ...holds, schedules: 0 }
  expect(whyUnexpected(purchase, nothing, 'holds', undefined)).toMatch(/^No schedule was run\./)
})
