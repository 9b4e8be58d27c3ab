import { expect, test } from 'vitest'
import { fabricate } from './fixtures/fabricate.ts'
import { all, id, multipleOf, t1, t2, t3, valueIs, type ScriptStep, type Values } from './script.ts'
import { serialOrder } from './serial-order.ts'

const orderOf = (script: readonly ScriptStep[], reads: readonly Values[], final: Values) =>
  serialOrder(fabricate(script, { waits: [], errors: {}, reads, final }))

test('is the order that gives the same reads and the same rows', () => {
  const script = [t1.add(all, 5), t2.read(all), t2.set(valueIs(10), 12), t1.commit, t2.commit]
  expect(orderOf(script, [{ 1: 10, 2: 20 }], { 1: 17, 2: 25 })).toEqual([2, 1])
  expect(orderOf(script, [{ 1: 15, 2: 25 }], { 1: 15, 2: 25 })).toEqual([1, 2])
  expect(orderOf(script, [{ 1: 10, 2: 20 }], { 1: 15, 2: 25 })).toBeUndefined()
  expect(orderOf(script, [{ 1: 15, 2: 25 }], { 1: 17, 2: 25 })).toBeUndefined()
})

test('is found among three', () => {
  const script = [
    t1.insert(3, 30),
    t2.read(multipleOf(3)),
    t2.delete(id(1)),
    t3.read(all),
    t1.commit,
    t2.commit,
    t3.commit,
  ]
  const final = { 2: 20, 3: 30 }
  expect(orderOf(script, [{}, { 1: 10, 2: 20 }], final)).toEqual([3, 2, 1])
  expect(orderOf(script, [{ 3: 30 }, { 1: 10, 2: 20, 3: 30 }], final)).toEqual([1, 3, 2])
  expect(orderOf(script, [{}, { 1: 10, 2: 20, 3: 30 }], final)).toBeUndefined()
})

test('is of committed transactions alone, and of what they did before they committed', () => {
  const script = [t1.set(id(1), 11), t1.abort, t2.read(id(1)), t2.commit, t2.read(id(1))]
  expect(orderOf(script, [{ 1: 10 }, { 1: 99 }], { 1: 10, 2: 20 })).toEqual([2])
  expect(orderOf(script, [{ 1: 11 }, { 1: 10 }], { 1: 10, 2: 20 })).toBeUndefined()
})

test('of nobody leaves the rows as they were', () => {
  expect(orderOf([t1.set(id(1), 11), t1.abort], [], { 1: 10, 2: 20 })).toEqual([])
  expect(orderOf([t1.set(id(1), 11), t1.abort], [], { 1: 11, 2: 20 })).toBeUndefined()
})
