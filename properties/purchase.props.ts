import { expect, test } from 'vitest'
import { byName, explore, explorers } from '../harness/index.ts'
import { laneForTest } from '../harness/testing/lane.ts'
import selectForUpdate from '../strategies/purchase/select-for-update.ts'
import { describeStrategies } from './describe-strategies.ts'

describeStrategies('purchase')

test('purchase/select-for-update on postgres, read-committed: three actors have 2,682 schedules, and all are safe', async () => {
  const exploration = await explore({
    lane: await laneForTest(),
    strategy: selectForUpdate,
    explorer: byName('explorer', explorers, 'exhaustive'),
    actors: 3,
  })
  expect(exploration).toMatchObject({ verdict: 'holds', exhausted: true, schedules: 2_682 })
})
