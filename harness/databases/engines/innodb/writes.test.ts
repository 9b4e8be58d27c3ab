import { expect, test } from 'vitest'
import { writesOf } from './writes.ts'

test.for([
  ['SELECT stock FROM product WHERE id = ? FOR UPDATE', { kind: 'nothing' }],
  ['  COMMIT', { kind: 'nothing' }],
  ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', { kind: 'nothing' }],
  [
    'UPDATE product SET stock = ?, version = version + 1 WHERE id = ?',
    { kind: 'values', table: 'product', assignments: 'stock = ?, version = version + 1 ' },
  ],
  [
    'update ignore `product`\nset stock = 0',
    { kind: 'values', table: 'product', assignments: 'stock = 0' },
  ],
  ['INSERT INTO purchase (user_id) VALUES (?)', { kind: 'rows', table: 'purchase' }],
  ['INSERT IGNORE INTO redemption VALUES (1, 1)', { kind: 'rows', table: 'redemption' }],
  ['REPLACE INTO product(id) VALUES (1)', { kind: 'rows', table: 'product' }],
  ['DELETE FROM piece WHERE number = ?', { kind: 'rows', table: 'piece' }],
  ['UPDATE product p, purchase q SET p.stock = 0', { kind: 'anything' }],
  ['UPDATE product AS p SET p.stock = 0', { kind: 'anything' }],
  ['WITH x AS (SELECT 1) DELETE FROM product', { kind: 'anything' }],
  ['DELETE p FROM product p', { kind: 'anything' }],
  ['CALL buy(1)', { kind: 'anything' }],
  ['TRUNCATE product', { kind: 'anything' }],
  ['SET autocommit = 0', { kind: 'anything' }],
] as const)('%s', ([text, expected]) => {
  expect(writesOf(text)).toEqual(expected)
})
