import { describe, expect, test } from 'vitest'
import { reportedWaits as readWaits } from './lock-report.ts'

const reportedWaits = (text: string, own: readonly number[] = []) => readWaits(text, new Set(own))

/** A transaction as MariaDB prints it, with what it holds and, if it waits, what for. */
interface Shown {
  readonly session: number
  readonly locks: readonly string[]
  readonly waits?: { readonly us: number; readonly lock: string }
}

const page = 'RECORD LOCKS space id 668 page no 3 n bits 320 index PRIMARY of table `d`.`t`'

/** A lock on a record, such as `X rec` or `S gap`, as MariaDB prints it. */
const onRecord = (heap: number, mode: string, how = '', waiting = false): string =>
  `${page} trx id 1 lock${mode === 'X' ? '_mode' : ' mode'} ${mode}${how}${waiting ? ' waiting' : ''}
Record lock, heap no ${heap} PHYSICAL RECORD: n_fields 4; compact format; info bits 0
 0: len 4; hex 80000001; asc     ;;
`

const recordOnly = ' locks rec but not gap'
const gap = ' locks gap before rec'
const intention = ' locks gap before rec insert intention'

const onTable = (mode: string, waiting = false): string =>
  `TABLE LOCK table \`d\`.\`t\` trx id 1 lock mode ${mode}${waiting ? ' waiting' : ''}\n`

function status(transactions: readonly Shown[]): string {
  const shown = transactions.map(
    ({ session, locks, waits }) => `---TRANSACTION 2486${session}, ACTIVE 0 sec starting index read
mysql tables in use 1, locked 1
${waits ? 'LOCK WAIT ' : ''}2 lock struct(s), heap size 1128, 1 row lock(s)
MariaDB thread id ${session}, OS thread handle 140473483593408, query id 17819 localhost root Statistics
select * from t where id = 1 for update
${waits ? `------- TRX HAS BEEN WAITING ${waits.us} us FOR THIS LOCK TO BE GRANTED:\n${waits.lock}\n------------------\n` : ''}${onTable('IX')}${[...locks, ...(waits ? [waits.lock] : [])].join('')}`,
  )
  return `
------------
TRANSACTIONS
------------
Trx id counter 24866
History list length 2
LIST OF TRANSACTIONS FOR EACH SESSION:
${shown.join('')}---TRANSACTION (0x7fc2894f7b80), not started
0 lock struct(s), heap size 1128, 0 row lock(s)
--------
FILE I/O
--------
Pending flushes (fsync): 0
`
}

const holds = (session: number, ...locks: string[]): Shown => ({ session, locks })
const waitsFor = (session: number, lock: string, us = 100): Shown => ({
  session,
  locks: [],
  waits: { us, lock },
})

describe('waits for a record', () => {
  test.for([
    ['X', recordOnly, 'X', recordOnly, true],
    ['S', recordOnly, 'X', recordOnly, true],
    ['X', recordOnly, 'S', recordOnly, true],
    ['S', recordOnly, 'S', recordOnly, false],
    ['X', recordOnly, 'X', '', true],
    ['X', recordOnly, 'X', gap, false],
    ['X', gap, 'X', '', false],
    ['X', intention, 'X', gap, true],
    ['X', intention, 'S', '', true],
    ['X', intention, 'X', recordOnly, false],
    ['X', '', 'X', intention, false],
  ] as const)('for %s%s, where another holds %s%s: %s', ([mode, how, held, heldHow, expected]) => {
    const text = status([
      holds(5, onRecord(2, held, heldHow)),
      waitsFor(6, onRecord(2, mode, how, true)),
    ])
    expect(reportedWaits(text)).toEqual(expected ? [{ waiter: 6, blocker: 5 }] : [])
  })

  test('before the end of a page are waits for the gap there', () => {
    const text = status([
      holds(5, onRecord(1, 'X')),
      waitsFor(6, onRecord(1, 'X', ' insert intention', true)),
    ])
    expect(reportedWaits(text)).toEqual([{ waiter: 6, blocker: 5 }])
  })

  test('are for nobody who holds another record', () => {
    const text = status([
      holds(5, onRecord(2, 'X', recordOnly)),
      holds(7, onRecord(3, 'X', recordOnly)),
      waitsFor(6, onRecord(3, 'X', recordOnly, true)),
    ])
    expect(reportedWaits(text)).toEqual([{ waiter: 6, blocker: 7 }])
  })

  test('are for those too who have waited longer, and not the other way round', () => {
    const text = status([
      waitsFor(8, onRecord(2, 'S', recordOnly, true), 100),
      waitsFor(6, onRecord(2, 'X', recordOnly, true), 900),
      holds(5, onRecord(2, 'S', recordOnly)),
    ])
    expect(reportedWaits(text)).toEqual([
      { waiter: 8, blocker: 6 },
      { waiter: 6, blocker: 5 },
    ])
  })
})

test('a wait for a table', () => {
  const text = status([
    holds(5, onTable('AUTO-INC')),
    holds(7, onTable('IS')),
    waitsFor(6, onTable('AUTO-INC', true)),
  ])
  expect(reportedWaits(text)).toEqual([{ waiter: 6, blocker: 5 }])
})

test('a wait that no printed lock explains is for who has more locks than are printed', () => {
  const cutOff = '10 LOCKS PRINTED FOR THIS TRX: SUPPRESSING FURTHER PRINTS\n'
  const wanted = onRecord(2, 'X', recordOnly, true)
  const many = holds(5, onRecord(3, 'X'), cutOff)
  expect(reportedWaits(status([holds(7, onRecord(4, 'X')), many, waitsFor(6, wanted)]))).toEqual([
    { waiter: 6, blocker: 5 },
  ])
  const neighbour = holds(9, onRecord(3, 'X'), cutOff)
  expect(reportedWaits(status([neighbour, many, waitsFor(6, wanted)]), [5, 6])).toEqual([
    { waiter: 6, blocker: 5 },
  ])
  const known = holds(8, onRecord(2, 'X'))
  expect(reportedWaits(status([many, known, waitsFor(6, wanted)]))).toEqual([
    { waiter: 6, blocker: 8 },
  ])
})

test('nobody waits where nothing is said of it', () => {
  expect(reportedWaits(status([holds(5, onRecord(2, 'X'))]))).toEqual([])
  expect(reportedWaits('')).toEqual([])
})
