import { expect, test } from 'vitest'
import { isPurging, isRollingBack } from './recovery.ts'

const report = (line: string): string => `TRANSACTIONS\n------------\n${line}\n--------\nFILE I/O\n`

test.each([
  ['one that is still undone', '---TRANSACTION 2071, ACTIVE 0 sec recovered trx', true],
  ['one that says more', '---TRANSACTION 2071, ACTIVE 0 sec rollback recovered trx, thread', true],
  [
    'one that waits for its commit',
    '---TRANSACTION 9, ACTIVE (PREPARED) 4 sec recovered trx',
    false,
  ],
  ['one of a client', '---TRANSACTION 421, ACTIVE 3 sec', false],
  ['a statement', "SELECT '---TRANSACTION 1, ACTIVE 1 sec recovered trx'", false],
])('a report of InnoDB with %s', (_, line, expected) => {
  expect(isRollingBack(report(line))).toBe(expected)
})

test.each([
  ['at work', "Purge done for trx's n:o < 2055 undo n:o < 0 state: running", true],
  ['idle', "Purge done for trx's n:o < 2057 undo n:o < 0 state: running but idle", false],
])('a report of InnoDB whose purge is %s', (_, line, expected) => {
  expect(isPurging(report(line))).toBe(expected)
})
