import { expect, test } from 'vitest'
import { mayMakeTables } from './creations.ts'
import { statement } from './statement.ts'

test.each([
  'CREATE TABLE IF NOT EXISTS request (id INT)',
  '/* first */ create unlogged table request (id INT)',
  'BEGIN; CREATE TABLE request (id INT); COMMIT',
  'ALTER TABLE request RENAME TO demand',
  'DROP TABLE request',
  'CALL set_up()',
  'DO $$ BEGIN PERFORM set_up(); END $$',
  "do language plpgsql 'BEGIN PERFORM set_up(); END'",
  'SELECT id INTO request FROM coupon',
  '/* route */ SELECT id INTO request FROM coupon',
  'BEGIN; SELECT id INTO temperature FROM coupon',
  'WITH c AS (SELECT 1 AS id) SELECT id INTO request FROM c',
])('may make tables or remove some: %s', (text) => {
  expect(mayMakeTables(statement([text]))).toBe(true)
})

test.each([
  'SELECT id FROM coupon',
  'INSERT INTO redemption (coupon_id) SELECT id FROM coupon',
  'UPDATE product SET stock = stock - 1',
  'SELECT stock INTO @stock FROM product',
  'COMMIT',
  'CREATE TEMPORARY TABLE request (id INT)',
  'SELECT id INTO TEMP request FROM coupon',
  'INSERT INTO request (id) VALUES (1) ON CONFLICT DO NOTHING',
  'DO RELEASE_ALL_LOCKS()',
  'SELECT created_at, dropped, executed FROM coupon',
])('makes none: %s', (text) => {
  expect(mayMakeTables(statement([text]))).toBe(false)
})
