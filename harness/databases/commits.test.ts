import { expect, test } from 'vitest'
import { begins, commitsNothingInside, fromFirstWord, mayBeSeveral } from './commits.ts'

test.each([
  ['  /* one */ -- two\n /* three\n */COMMIT', 'COMMIT'],
  ['-- nothing but this', ''],
  ['/*!50000 COMMIT */', '/*!50000 COMMIT */'],
  ['/*M! COMMIT */', '/*M! COMMIT */'],
])('%s begins with what is executed', (text, expected) => {
  expect(fromFirstWord(text)).toBe(expected)
})

test.each([
  ['SELECT 1', false],
  ['SELECT 1; ', false],
  ['SELECT 1; SELECT 2', true],
  ["SELECT '; '';'", true], // for all that is looked at
])('%s may be several statements: %s', (text, expected) => {
  expect(mayBeSeveral(text)).toBe(expected)
})

test.each([
  'SELECT buy(1)',
  '/* shop */ UPDATE a SET b = 1',
  'ROLLBACK TO SAVEPOINT a',
  'SET LOCAL lock_timeout = 5',
])('%s commits nothing of the transaction that it is in', (text) => {
  expect(commitsNothingInside(text)).toBe(true)
})

test.each([
  'COMMIT AND CHAIN',
  'CALL buy(1)',
  'SET @a = buy(1)',
  'SET @a = 1, autocommit = 1',
  'SELECT 1; COMMIT AND CHAIN',
  'SELECTED',
  '',
])('%s may commit it', (text) => {
  expect(commitsNothingInside(text)).toBe(false)
})

test.each([
  ['/* shop */ START TRANSACTION READ ONLY', true],
  ['BEGIN; COMMIT', false],
  ['BEGINNING', false],
])('%s begins one, and nothing else: %s', (text, expected) => {
  expect(begins(text)).toBe(expected)
})
