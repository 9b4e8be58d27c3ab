import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { id, t1, t2 } from '../script.ts'
import { rowsAmong } from './known-rows.ts'

const both = { 1: 11, 2: 22 }
const onlyFirst = { 1: 11, 2: 20 }
const committed = prevented('snapshot', { reads: [{ 2: 20 }, { 1: 10 }], final: both })
const circular = seen({ reads: [{ 2: 22 }, { 1: 11 }], final: both })
const deadlock = prevented('error 1213', {
  waits: ['r1[2]'],
  errors: { 'r2[1]': '1213' },
  reads: [{ 2: 20 }, 'none'],
  final: onlyFirst,
})
const dependencies = prevented('error 40001', {
  errors: { c2: '40001s' },
  reads: [{ 2: 20 }, { 1: 10 }],
  final: onlyFirst,
})

const innodb = {
  'read-uncommitted': circular,
  'read-committed': committed,
  'repeatable-read': committed,
  serializable: deadlock,
} as const

export const g1c: IsolationCase = {
  name: 'g1c',
  anomaly: 'G1c',
  summary: 'Each writes a row and reads the other; seen when each has read what the other wrote.',
  victim: 'writes',
  script: [
    t1.set(id(1), 11),
    t2.set(id(2), 22),
    t1.read(id(2)),
    t2.read(id(1)),
    t1.commit,
    t2.commit,
  ],
  committed: [1, 2],
  decidedBy: ['read'],
  isSeen: (run) => {
    const ofT1 = rowsAmong(readsOf(run, 1), [{ 2: 20 }, { 2: 22 }])
    const ofT2 = rowsAmong(readsOf(run, 2), [{ 1: 10 }, { 1: 11 }])
    return ofT1 && ofT2 && ofT1[0]?.[2] === 22 && ofT2[0]?.[1] === 11
  },
  expected: {
    postgres: {
      'read-uncommitted': committed,
      'read-committed': committed,
      'repeatable-read': committed,
      serializable: dependencies,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': innodb,
  },
}
