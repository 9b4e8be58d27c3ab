import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { all, id, initialValues, t1, t2 } from '../script.ts'
import { rowsAmong } from './known-rows.ts'

const intermediate = { 1: 101, 2: 20 }
const final = { 1: 11, 2: 20 }

const lastCommitted = prevented('snapshot', { reads: [initialValues, final], final })
const oneSnapshot = prevented('snapshot', { reads: [initialValues, initialValues], final })
const dirty = seen({ reads: [intermediate, final], final })
const blocked = prevented('waits', { waits: ['r2[*]'], reads: [final, final], final })
const changedWhileWaiting = prevented('error 1020', {
  waits: ['r2[*]'],
  errors: { 'r2[*]': '1020' },
  reads: ['none', 'none'],
  final,
})

const innodb = {
  'read-uncommitted': dirty,
  'read-committed': lastCommitted,
  'repeatable-read': oneSnapshot,
  serializable: blocked,
} as const

export const g1b: IsolationCase = {
  name: 'g1b',
  anomaly: 'G1b',
  summary: 'T1 writes a row twice; seen when T2 has read what T1 wrote first.',
  victim: 'reads',
  script: [t1.set(id(1), 101), t2.read(all), t1.set(id(1), 11), t1.commit, t2.read(all), t2.commit],
  committed: [1, 2],
  decidedBy: ['read'],
  isSeen: (run) =>
    rowsAmong(readsOf(run, 2), [initialValues, intermediate, final])?.includes(intermediate),
  expected: {
    postgres: {
      'read-uncommitted': lastCommitted,
      'read-committed': lastCommitted,
      'repeatable-read': oneSnapshot,
      serializable: oneSnapshot,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': { ...innodb, serializable: changedWhileWaiting },
  },
}
