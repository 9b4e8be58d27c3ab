import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { multipleOf, t1, t2, valueIs } from '../script.ts'
import { rowsAmong } from './known-rows.ts'

const final = { 1: 10, 2: 20, 3: 30 }
const phantom = seen({ reads: [{}, { 3: 30 }], final })
const oneSnapshot = prevented('snapshot', { reads: [{}, {}], final })
const blocked = prevented('waits', { waits: ['i2(3,30)'], reads: [{}, {}], final })

const innodb = {
  'read-uncommitted': phantom,
  'read-committed': phantom,
  'repeatable-read': oneSnapshot,
  serializable: blocked,
} as const

export const pmpRead: IsolationCase = {
  name: 'pmp-read',
  anomaly: 'PMP',
  summary: 'T2 inserts a row; seen when T1 finds it with one predicate, and had not with another.',
  victim: 'reads',
  script: [t1.read(valueIs(30)), t2.insert(3, 30), t2.commit, t1.read(multipleOf(3)), t1.commit],
  committed: [1, 2],
  decidedBy: ['read', 'insert'],
  isSeen: (run) => {
    const reads = rowsAmong(readsOf(run, 1), [{}, { 3: 30 }])
    return reads && reads[0]?.[3] !== reads[1]?.[3]
  },
  expected: {
    postgres: {
      'read-uncommitted': phantom,
      'read-committed': phantom,
      'repeatable-read': oneSnapshot,
      serializable: oneSnapshot,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': innodb,
  },
}
