import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { multipleOf, t1, t2 } from '../script.ts'
import { rowsAmong } from './known-rows.ts'

const reads = [{}, {}]
const onlyFirst = { 1: 10, 2: 20, 3: 30 }
const skewed = seen({ reads, final: { ...onlyFirst, 4: 42 } })
const dependencies = prevented('error 40001', { errors: { c2: '40001s' }, reads, final: onlyFirst })
const deadlock = prevented('error 1213', {
  waits: ['i1(3,30)'],
  errors: { 'i2(4,42)': '1213' },
  reads,
  final: onlyFirst,
})

const innodb = {
  'read-uncommitted': skewed,
  'read-committed': skewed,
  'repeatable-read': skewed,
  serializable: deadlock,
} as const

export const g2: IsolationCase = {
  name: 'g2',
  anomaly: 'G2',
  summary:
    'Both look for multiples of 3 and insert one; seen when neither has found what the other inserted.',
  victim: 'writes',
  script: [
    t1.read(multipleOf(3)),
    t2.read(multipleOf(3)),
    t1.insert(3, 30),
    t2.insert(4, 42),
    t1.commit,
    t2.commit,
  ],
  committed: [1, 2],
  decidedBy: ['read', 'insert'],
  isSeen: (run) => {
    const ofT1 = rowsAmong(readsOf(run, 1), [{}, { 4: 42 }])
    const ofT2 = rowsAmong(readsOf(run, 2), [{}, { 3: 30 }])
    return ofT1 && ofT2 && [...ofT1, ...ofT2].every((rows) => Object.keys(rows).length === 0)
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
