import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LockWaitMeter } from './lock-wait-meter.ts'

test('adds up what the server has counted meanwhile, and who was seen waiting for how long', async () => {
  let counted = 5_000
  const meter = new LockWaitMeter({
    readLockWaits: () =>
      Promise.resolve({ countedMs: (counted += 10), waiting: 3, isShared: false }),
  })
  const startedAt = performance.now()
  await sleep(200)
  const measured = (await meter.end()) ?? 0
  const elapsedMs = performance.now() - startedAt
  const countedMs = counted - 5_010
  expect(countedMs).toBeGreaterThanOrEqual(10)
  expect(measured - countedMs).toBeGreaterThan(3 * 190)
  expect(measured - countedMs).toBeLessThanOrEqual(3 * elapsedMs)
})

test('measures nothing where somebody else may have waited', async () => {
  let looks = 0
  const meter = new LockWaitMeter({
    readLockWaits: () => Promise.resolve({ countedMs: 0, waiting: 0, isShared: ++looks === 2 }),
  })
  await sleep(120)
  expect(await meter.end()).toBe(undefined)
  expect(looks).toBeGreaterThan(2)
})

test('tells whoever ends it that it could not read', async () => {
  const meter = new LockWaitMeter({ readLockWaits: () => Promise.reject(new Error('gone')) })
  await sleep(1)
  await expect(meter.end()).rejects.toThrow('gone')
})
