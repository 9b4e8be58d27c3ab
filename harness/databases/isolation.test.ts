import { expect, test } from 'vitest'
import { isolationLevels, isolationSql } from './isolation.ts'

test('each level is written as SQL writes it, weakest first', () => {
  expect(isolationLevels.map(isolationSql)).toEqual([
    'READ UNCOMMITTED',
    'READ COMMITTED',
    'REPEATABLE READ',
    'SERIALIZABLE',
  ])
})
