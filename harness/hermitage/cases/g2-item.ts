import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { id, initialValues, t1, t2 } from '../script.ts'
import { rowsAmong } from './known-rows.ts'

const reads = [initialValues, initialValues]
const onlyFirst = { 1: 11, 2: 20 }
const skewed = seen({ reads, final: { 1: 11, 2: 21 } })
const dependencies = prevented('error 40001', { errors: { c2: '40001s' }, reads, final: onlyFirst })
const deadlock = prevented('error 1213', {
  waits: ['w1[1=11]'],
  errors: { 'w2[2=21]': '1213' },
  reads,
  final: onlyFirst,
})

const innodb = {
  'read-uncommitted': skewed,
  'read-committed': skewed,
  'repeatable-read': skewed,
  serializable: deadlock,
} as const

export const g2Item: IsolationCase = {
  name: 'g2-item',
  anomaly: 'G2-item',
  summary:
    'Both read both rows and write one each; seen when neither has read what the other wrote.',
  victim: 'writes',
  script: [
    t1.read(id(1, 2)),
    t2.read(id(1, 2)),
    t1.set(id(1), 11),
    t2.set(id(2), 21),
    t1.commit,
    t2.commit,
  ],
  committed: [1, 2],
  decidedBy: ['read', 'write'],
  isSeen: (run) => {
    const ofT1 = rowsAmong(readsOf(run, 1), [initialValues, { 1: 10, 2: 21 }])
    const ofT2 = rowsAmong(readsOf(run, 2), [initialValues, onlyFirst])
    return ofT1 && ofT2 && [...ofT1, ...ofT2].every((rows) => rows === initialValues)
  },
  expected: {
    postgres: {
      'read-uncommitted': skewed,
      'read-committed': skewed,
      'repeatable-read': skewed,
      serializable: dependencies,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': innodb,
  },
}
