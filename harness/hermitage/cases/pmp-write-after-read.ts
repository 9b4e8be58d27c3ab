import { readsOf } from '../case-run.ts'
import { prevented, seen, type Earlier } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { position } from '../position.ts'
import { all, t1, t2, valueIs } from '../script.ts'
import { deletedRows } from './deleted-rows.ts'
import { rowsAmong } from './known-rows.ts'

const found = { 2: 20 }
const byT1 = { 1: 20, 2: 30 }
const onlySecond = { 2: 30 }
const onlyFirst = { 1: 10 }
const waits = ['d2[value=20]']

const missed = seen({ waits, reads: [found, byT1], final: byT1 })
const another = seen({ waits, reads: [found, onlySecond], final: onlySecond })
const anotherUnnoticed = seen({ waits, reads: [found, found], final: onlySecond })
const refused = (code: string, name: string) =>
  prevented(`error ${code}`, {
    waits,
    errors: { 'd2[value=20]': name },
    reads: [found, 'none'],
    final: byT1,
  })
const concurrentUpdate = refused('40001', '40001w')
const firstRefused = (code: string) =>
  prevented(`error ${code}`, {
    waits: ['w1[*+=10]'],
    errors: { 'w1[*+=10]': code },
    reads: [found, onlyFirst],
    final: onlyFirst,
  })
const deadlock = firstRefused('1213')

/** T1 waits for a row that T2 has locked for reading, and T2 then writes it. */
const earlier: Earlier = {
  course: deadlock,
  why: 'Whoever has locked a row for reading may now write it before those who wait for it: bug #11745929 of MySQL 8.0, MDEV-34877 of MariaDB 11.4.5. Until then it had to queue behind them, which is a deadlock.',
}

const ahead = prevented(
  'waits',
  { waits: ['w1[*+=10]'], reads: [found, onlyFirst], final: { 1: 20 } },
  earlier,
)

const innodb = {
  'read-uncommitted': another,
  'read-committed': another,
  'repeatable-read': anotherUnnoticed,
  serializable: ahead,
} as const

export const pmpWriteAfterRead: IsolationCase = {
  name: 'pmp-write-after-read',
  anomaly: 'PMP',
  summary:
    'T2 finds the row that is 20, T1 adds 10 to every row, T2 deletes what is 20; seen when that is not the row T2 has found.',
  victim: 'writes',
  script: [
    t2.read(valueIs(20)),
    t1.add(all, 10),
    t2.delete(valueIs(20)),
    t1.commit,
    t2.read(all),
    t2.commit,
  ],
  committed: [1, 2],
  decidedBy: ['write', 'delete'],
  isSeen: (run) => {
    const [first] = rowsAmong(readsOf(run, 2).slice(0, 1), [{ 2: 20 }, { 1: 20 }]) ?? []
    const deleted = deletedRows(run.final, { 1: [10, 20], 2: [20, 30] })
    if (first === undefined || deleted === undefined) return undefined
    const around = { before: '2', after: '1' }
    return position(Object.keys(first).join(), around) !== position(deleted, around)
  },
  expected: {
    postgres: {
      'read-uncommitted': missed,
      'read-committed': missed,
      'repeatable-read': concurrentUpdate,
      serializable: concurrentUpdate,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': {
      ...innodb,
      'repeatable-read': refused('1020', '1020'),
      serializable: { ...firstRefused('1020'), earlier },
    },
  },
}
