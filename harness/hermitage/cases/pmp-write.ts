import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { position } from '../position.ts'
import { all, t1, t2, valueIs } from '../script.ts'
import { deletedRows } from './deleted-rows.ts'

const waits = ['d2[value=20]']
const byT1 = { 1: 20, 2: 30 }
const both = { 2: 30 }

const missed = seen({ waits, reads: [byT1], final: byT1 })
const readAgain = prevented('waits', { waits, reads: [both], final: both })
const refused = (code: string, name: string) =>
  prevented(`error ${code}`, {
    waits,
    errors: { 'd2[value=20]': name },
    reads: ['none'],
    final: byT1,
  })
const concurrentUpdate = refused('40001', '40001w')

const innodb = {
  'read-uncommitted': readAgain,
  'read-committed': readAgain,
  'repeatable-read': readAgain,
  serializable: readAgain,
} as const

export const pmpWrite: IsolationCase = {
  name: 'pmp-write',
  anomaly: 'PMP',
  summary:
    'T1 adds 10 to every row, T2 deletes what is 20; seen when that is neither the row that was 20 nor the one that is.',
  victim: 'writes',
  script: [t1.add(all, 10), t2.delete(valueIs(20)), t1.commit, t2.read(all), t2.commit],
  committed: [1, 2],
  decidedBy: ['write', 'delete'],
  isSeen: ({ final }) => {
    const deleted = deletedRows(final, { 1: [10, 20], 2: [20, 30] })
    if (deleted === undefined) return undefined
    return position(deleted, { before: '2', after: '1' }) === undefined
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
    'mariadb with snapshot isolation': { ...innodb, serializable: refused('1020', '1020') },
  },
}
