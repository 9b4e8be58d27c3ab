import { expect, test } from 'vitest'
import { Shares } from './soak-shares.ts'

test('every platform has the same number, and takes it bit by bit', () => {
  const shares = new Shares(['postgres', 'mysql'], 50, 10)
  expect([1, 2, 3].map(() => shares.take('postgres'))).toEqual([10, 10, 5])
  expect([1, 2, 3].map(() => shares.take('mysql'))).toEqual([10, 10, 5])
  expect(shares.take('postgres')).toBe(0)
  expect(shares.take('mysql')).toBe(0)
})

test('who is done takes from the largest that is left', () => {
  const shares = new Shares(['postgres', 'mysql', 'mariadb'], 90, 10)
  for (let turn = 0; turn < 3; turn++) shares.take('postgres')
  shares.take('mysql')
  const more = [1, 2, 3, 4, 5].map(() => shares.take('postgres'))
  expect(more).toEqual([10, 10, 10, 10, 10])
  expect(['mysql', 'mariadb', 'postgres'].map((each) => shares.take(each as 'mysql'))).toEqual([
    0, 0, 0,
  ])
})

test('never more than there are', () => {
  const shares = new Shares(['postgres', 'mysql', 'mariadb'], 4, 10)
  const all = [1, 2, 3, 4].map(() => shares.take('postgres'))
  expect(all).toEqual([2, 2, 0, 0])
})
