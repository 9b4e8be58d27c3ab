import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { position } from '../position.ts'
import { all, id, initialValues, t1, t2, t3 } from '../script.ts'

const byT2 = { 1: 10, 2: 25 }
const cycle = seen({ reads: [initialValues, byT2], final: { 1: 0, 2: 25 } })
const dependencies = prevented('error 40001', {
  errors: { 'w1[1=0]': '40001s' },
  reads: [initialValues, byT2],
  final: byT2,
})
const deadlock = prevented('error 1213', {
  waits: ['w2[2+=5]', 'r3[*]', 'w1[1=0]'],
  errors: { 'w2[2+=5]': '1213' },
  reads: [initialValues, initialValues],
  final: { 1: 0, 2: 20 },
})

const innodb = {
  'read-uncommitted': cycle,
  'read-committed': cycle,
  'repeatable-read': cycle,
  serializable: deadlock,
} as const

/**
 * Source: Fekete, O'Neil and O'Neil, "A Read-Only Transaction Anomaly Under Snapshot Isolation", 2004.
 */
export const g2Fekete: IsolationCase = {
  name: 'g2-fekete',
  anomaly: 'G2',
  summary:
    'T1 reads, T2 writes, T3 reads, T1 writes; seen when T3 has met T2 and not T1, and T1 has not met T2.',
  victim: 'writes',
  script: [
    t1.read(all),
    t2.add(id(2), 5),
    t2.commit,
    t3.read(all),
    t3.commit,
    t1.set(id(1), 0),
    t1.commit,
  ],
  committed: [1, 2, 3],
  decidedBy: ['read', 'write'],
  isSeen: (run) => {
    const [ofT1] = readsOf(run, 1)
    const [ofT3] = readsOf(run, 3)
    const t1AgainstT2 = position(ofT1?.[2], { before: 20, after: 25 })
    const t3AgainstT2 = position(ofT3?.[2], { before: 20, after: 25 })
    const t3AgainstT1 = position(ofT3?.[1], { before: 10, after: 0 })
    if (!t1AgainstT2 || !t3AgainstT2 || !t3AgainstT1) return undefined
    return t1AgainstT2 === 'before' && t3AgainstT2 === 'after' && t3AgainstT1 === 'before'
  },
  expected: {
    postgres: {
      'read-uncommitted': cycle,
      'read-committed': cycle,
      'repeatable-read': cycle,
      serializable: dependencies,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': innodb,
  },
}
