import { prevented } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { disagree, position } from '../position.ts'
import { all, id, t1, t2 } from '../script.ts'

const waits = ['w2[1=12]']
const blocked = prevented('waits', { waits, reads: [{ 1: 11, 2: 21 }], final: { 1: 12, 2: 22 } })
const blockedAndDirty = { ...blocked, reads: [{ 1: 12, 2: 21 }] }
const refused = (code: string, name: string) =>
  prevented(`error ${code}`, {
    waits,
    errors: { 'w2[1=12]': name },
    reads: [{ 1: 11, 2: 21 }],
    final: { 1: 11, 2: 21 },
  })
const concurrentUpdate = refused('40001', '40001w')

const innodb = {
  'read-uncommitted': blockedAndDirty,
  'read-committed': blocked,
  'repeatable-read': blocked,
  serializable: blocked,
} as const

export const g0: IsolationCase = {
  name: 'g0',
  anomaly: 'G0',
  summary: 'Both write both rows; seen when each has the last word on one of them.',
  victim: 'writes',
  script: [
    t1.set(id(1), 11),
    t2.set(id(1), 12),
    t1.set(id(2), 21),
    t1.commit,
    t1.read(all),
    t2.set(id(2), 22),
    t2.commit,
  ],
  committed: [1, 2],
  decidedBy: ['write'],
  isSeen: ({ final }) =>
    disagree([
      position(final[1], { before: 12, after: 11 }),
      position(final[2], { before: 22, after: 21 }),
    ]),
  expected: {
    postgres: {
      'read-uncommitted': blocked,
      'read-committed': blocked,
      'repeatable-read': concurrentUpdate,
      serializable: concurrentUpdate,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': { ...innodb, serializable: refused('1020', '1020') },
  },
}
