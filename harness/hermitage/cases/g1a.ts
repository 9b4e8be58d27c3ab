import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { all, id, initialValues, t1, t2 } from '../script.ts'
import { rowsAmong } from './known-rows.ts'

const dirty = { 1: 101, 2: 20 }

const final = initialValues
const committed = prevented('snapshot', { reads: [initialValues, initialValues], final })
const aborted = seen({ reads: [dirty, initialValues], final })
const blocked = prevented('waits', {
  waits: ['r2[*]'],
  reads: [initialValues, initialValues],
  final,
})

const innodb = {
  'read-uncommitted': aborted,
  'read-committed': committed,
  'repeatable-read': committed,
  serializable: blocked,
} as const

export const g1a: IsolationCase = {
  name: 'g1a',
  anomaly: 'G1a',
  summary: 'T1 writes and aborts; seen when T2 has read what T1 wrote.',
  victim: 'reads',
  script: [t1.set(id(1), 101), t2.read(all), t1.abort, t2.read(all), t2.commit],
  committed: [2],
  decidedBy: ['read'],
  isSeen: (run) => rowsAmong(readsOf(run, 2), [initialValues, dirty])?.includes(dirty),
  expected: {
    postgres: {
      'read-uncommitted': committed,
      'read-committed': committed,
      'repeatable-read': committed,
      serializable: committed,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': innodb,
  },
}
