import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LockWaitMeter } from './lock-wait-meter.ts'

test('adds up what the server has counted meanwhile, and who was seen waiting for how long', async () => {
  let counted = 5_000
  const meter = new LockWaitMeter({
    countedLockWaitMs: () => Promise.resolve((counted += 100)),
    sampleLockWaits: () => Promise.resolve({ waiting: 3, isShared: false }),
  })
  const startedAt = performance.now()
  await sleep(200)
  const measured = (await meter.end()) ?? 0
  const elapsedMs = performance.now() - startedAt
  expect(counted).toBe(5_200)
  expect(measured - 100).toBeGreaterThan(3 * 190)
  expect(measured - 100).toBeLessThanOrEqual(3 * elapsedMs)
})

test('measures nothing where somebody else may have waited', async () => {
  let looks = 0
  const meter = new LockWaitMeter({
    countedLockWaitMs: () => Promise.resolve(0),
    sampleLockWaits: () => Promise.resolve({ waiting: 0, isShared: ++looks === 2 }),
  })
  await sleep(200)
  expect(await meter.end()).toBe(undefined)
  expect(looks).toBeGreaterThan(2)
})

test('tells whoever ends it that it could not look', async () => {
  const meter = new LockWaitMeter({
    countedLockWaitMs: () => Promise.resolve(0),
    sampleLockWaits: () => Promise.reject(new Error('gone')),
  })
  await sleep(1)
  await expect(meter.end()).rejects.toThrow('gone')
})
