import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Queue } from './queue.ts'

test('gives what it took, in the same order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 3_000 }))), (steps) => {
      const queue = new Queue<number>()
      const model: number[] = []
      let next = 0
      for (const [isPush, count] of steps) {
        for (let index = 0; index < count; index++) {
          if (isPush) {
            queue.push(next)
            model.push(next)
            next += 1
          } else {
            expect(queue.shift()).toBe(model.shift())
          }
        }
        expect(queue.length).toBe(model.length)
        expect(queue.at(0)).toBe(model[0])
        expect(queue.at(1)).toBe(model[1])
        expect(queue.items()).toEqual(model)
      }
    }),
    { numRuns: 30 },
  )
})

test('takes no longer the longer it is', () => {
  const queue = new Queue<number>()
  const count = 300_000
  for (let item = 0; item < count; item++) queue.push(item)
  const began = performance.now()
  while (queue.length > 0) queue.shift()
  expect(performance.now() - began).toBeLessThan(2_000)
})

test('keeps nothing of what it has given', () => {
  const queue = new Queue<number>()
  const before = process.memoryUsage().heapUsed
  for (let item = 0; item < 20_000_000; item++) {
    queue.push(item)
    queue.shift()
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50 * 1024 * 1024)
})
