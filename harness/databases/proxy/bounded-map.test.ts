import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

/** The keys that are left. To ask is to use: so this is asked once. */
const keysOf = (map: BoundedMap<number>): string =>
  Array.from('abcdef')
    .filter((key) => map.get(key) !== undefined)
    .join('')

const filled = (map: BoundedMap<number>, keys: string, value: number): BoundedMap<number> => {
  for (const key of keys) map.set(key, value)
  return map
}

test('what was not used for the longest goes when there is too much', () => {
  const map = filled(new BoundedMap(4, 1_000, () => 1), 'abcd', 1)
  expect(map.size).toBe(4)
  map.set('e', 1)
  expect(keysOf(map)).toBe('cde')
})

test('what is used stays', () => {
  const map = filled(new BoundedMap(4, 1_000, () => 1), 'abc', 1)
  expect(map.get('a')).toBe(1)
  filled(map, 'de', 1)
  expect(keysOf(map)).toBe('ade')
})

test('what is replaced is used, and has its new value', () => {
  const map = filled(new BoundedMap(4, 1_000, () => 1), 'abc', 1)
  map.set('a', 2)
  filled(map, 'de', 1)
  expect(map.get('a')).toBe(2)
})

test('what is too heavy together goes too', () => {
  const map = filled(new BoundedMap(100, 16, (value) => value), 'abcd', 3)
  expect(map.size).toBe(4)
  map.set('e', 3)
  expect(keysOf(map)).toBe('cde')
})

test('a key counts by its length', () => {
  const map = new BoundedMap<number>(100, 8, () => 0)
  map.set('aaaa', 0)
  map.set('bbbbb', 0)
  expect([map.get('aaaa'), map.get('bbbbb')]).toEqual([0, undefined])
})

test('what is heavy by itself is not kept, nor what it would have replaced, and all else stays', () => {
  const map = filled(new BoundedMap(100, 20, (value) => value), 'ab', 3)
  map.set('a', 10)
  expect(keysOf(map)).toBe('b')
})

test('what was deleted weighs nothing', () => {
  const map = filled(new BoundedMap(100, 16, (value) => value), 'ab', 3)
  for (let round = 0; round < 10; round++) {
    map.set('c', 3)
    map.delete('c')
  }
  expect(keysOf(map)).toBe('ab')
})

test('it never holds more than it may, nor forgets what was just used', () => {
  const step = fc.record({
    key: fc.constantFrom(...Array.from('abcdefgh')),
    value: fc.nat(6),
    kind: fc.constantFrom('set', 'get', 'delete'),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const map = new BoundedMap<number>(4, 20, (value) => value)
      const known = new Map<string, number>()
      for (const { kind, key, value } of steps) {
        if (kind === 'set') {
          map.set(key, value)
          known.set(key, value)
          expect(map.get(key)).toBe(value)
        } else if (kind === 'delete') {
          map.delete(key)
          expect(map.get(key)).toBeUndefined()
        } else {
          expect([undefined, known.get(key)]).toContain(map.get(key))
        }
        expect(map.size).toBeLessThanOrEqual(4)
      }
      const weights = Array.from('abcdefgh')
        .map((key) => map.get(key))
        .filter((each) => each !== undefined)
      expect(weights.reduce((sum, weight) => sum + weight + 1, 0)).toBeLessThanOrEqual(20)
    }),
  )
})
