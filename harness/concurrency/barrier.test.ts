import { expect, test } from 'vitest'
import { Barrier } from './barrier.ts'

/** Lets everything that can go on do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('nobody passes before all have arrived, the second time as the first', async () => {
  const barrier = new Barrier(2)
  const passed: string[] = []
  for (const round of [1, 2]) {
    void barrier.arrive().then(() => passed.push(`A${round}`))
    await settle()
    expect(passed).toHaveLength(2 * (round - 1))
    void barrier.arrive().then(() => passed.push(`B${round}`))
    await settle()
  }
  expect(passed).toEqual(['A1', 'B1', 'A2', 'B2'])
})

test('who leaves is not waited for', async () => {
  const barrier = new Barrier(3)
  const passed: string[] = []
  void barrier.arrive().then(() => passed.push('A'))
  barrier.leave()
  await settle()
  expect(passed).toEqual([])
  barrier.leave()
  await settle()
  expect(passed).toEqual(['A'])
})
