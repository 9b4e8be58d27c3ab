import { expect, test } from 'vitest'
import { deletionOrder } from './added.ts'

const references = (...pairs: readonly string[]) =>
  pairs.map((pair) => ({ child: pair.charAt(0), parent: pair.charAt(1) }))

test('tables are emptied after those that refer to them, and otherwise in the given order', () => {
  expect(deletionOrder(['a', 'b', 'c'], [])).toEqual([['a'], ['b'], ['c']])
  expect(deletionOrder(['a', 'b', 'c'], references('ba', 'cb'))).toEqual([['c'], ['b'], ['a']])
  expect(deletionOrder(['a', 'b'], references('aa', 'xa'))).toEqual([['a'], ['b']])
})

test('those that refer to each other are emptied at once', () => {
  expect(deletionOrder(['a', 'b', 'c'], references('ab', 'ba', 'ca'))).toEqual([['c'], ['a', 'b']])
})
