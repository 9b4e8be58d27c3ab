import pg from 'pg'
import { expect, test } from 'vitest'
import { defineApplication, exhaustive, explore, ok, purchase } from '../harness/index.ts'
import { laneForTest } from '../harness/testing/lane.ts'

const takesAndGivesBack = defineApplication({
  name: 'takes-and-gives-back',
  workload: purchase,
  summary: 'Takes and gives back, each in a transaction that is one text.',
  engines: ['postgres'],
  claims: ['bought-once'],
  start: ({ url }) => Promise.resolve(new pg.Pool({ connectionString: url })),
  stop: (pool) => pool.end(),
  async execute(pool, { productId }) {
    for (const by of ['- 1', '+ 1']) {
      await pool.query(
        `BEGIN; UPDATE product SET stock = stock ${by} WHERE id = ${productId}; COMMIT`,
      )
    }
    return ok()
  },
})

test('every state that a text of several statements commits is seen', async () => {
  const { exhausted, schedules, invariants } = await explore({
    lane: await laneForTest(),
    strategy: takesAndGivesBack,
    explorer: exhaustive,
    grains: ['statement'],
    actors: 3,
  })
  expect({ exhausted, schedules }).toEqual({ exhausted: true, schedules: 90 })
  // One item, and two or three who have it at the same time, unless each takes it after the one before.
  expect(invariants.find(({ name }) => name === 'stock-never-negative')?.violations).toBe(90 - 6)
})
