import { expect, test } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

const keysOf = (map: BoundedMap<number>): readonly string[] =>
  ['a', 'b', 'c', 'd'].filter((key) => map.get(key) !== undefined)

test('the oldest go when there are too many', () => {
  const map = new BoundedMap<number>(2, 1_000, () => 1)
  map.set('a', 1)
  map.set('b', 1)
  map.set('a', 2)
  map.set('c', 1)
  expect(keysOf(map)).toEqual(['a', 'c'])
  expect(map.get('a')).toBe(2)
})

test('the oldest go when they are too heavy together', () => {
  const map = new BoundedMap<number>(100, 10, (value) => value)
  map.set('a', 3)
  map.set('b', 3)
  expect(keysOf(map)).toEqual(['a', 'b'])
  map.set('c', 3)
  expect(keysOf(map)).toEqual(['b', 'c'])
  map.delete('b')
  map.set('d', 3)
  expect(keysOf(map)).toEqual(['c', 'd'])
  map.set('a', 100)
  expect(map.size).toBe(0)
})
