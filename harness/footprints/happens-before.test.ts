import { expect, test } from 'vitest'
import type { ActorId } from '../history.ts'
import { Effects } from './effects.ts'
import { HappensBefore } from './happens-before.ts'
import type { Transition } from './transitions.ts'

/** By `actor`, writing one object. */
function step(actor: ActorId, object: string, ...others: readonly ActorId[]): Transition {
  const effects = new Effects()
  effects.write(object)
  return { actor, actors: new Set([actor, ...others]), effects }
}

test('is what follows from the order of dependent steps, also through others', () => {
  const order = new HappensBefore([
    step(0, 'x'),
    step(1, 'x'),
    step(1, 'y'),
    step(2, 'y'),
    step(3, 'z'),
  ])
  const after = [0, 1, 2, 3, 4].filter((index) => order.has(0, index))
  expect(after).toEqual([1, 2, 3])
  expect(order.has(3, 0)).toBe(false)
})

test('knows what comes immediately before: with nothing in between', () => {
  const order = new HappensBefore([step(0, 'x'), step(1, 'x'), step(2, 'x'), step(2, 'y')])
  expect([0, 1, 2, 3].map((index) => order.immediatelyBefore(index))).toEqual([[], [0], [1], [2]])
})

test('is the order of all who take part', () => {
  const order = new HappensBefore([step(0, 'x'), step(1, 'y', 0), step(0, 'z')])
  expect(order.immediatelyBefore(1)).toEqual([0])
  expect(order.immediatelyBefore(2)).toEqual([1])
})
