import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { disagree, position } from '../position.ts'
import { id, t1, t2 } from '../script.ts'

const ofBoth = [{ 1: 10 }, { 1: 10 }, { 2: 20 }]
const final = { 1: 12, 2: 18 }
const skewed = seen({ reads: [...ofBoth, { 2: 18 }], final })
const oneSnapshot = prevented('snapshot', { reads: [...ofBoth, { 2: 20 }], final })
const blocked = prevented('waits', { waits: ['w2[1=12]'], reads: [...ofBoth, { 2: 20 }], final })

const innodb = {
  'read-uncommitted': skewed,
  'read-committed': skewed,
  'repeatable-read': oneSnapshot,
  serializable: blocked,
} as const

export const gSingle: IsolationCase = {
  name: 'g-single',
  anomaly: 'G-single',
  summary: 'T2 writes both rows; seen when T1 reads one from before T2 and one from after it.',
  victim: 'reads',
  script: [
    t1.read(id(1)),
    t2.read(id(1)),
    t2.read(id(2)),
    t2.set(id(1), 12),
    t2.set(id(2), 18),
    t2.commit,
    t1.read(id(2)),
    t1.commit,
  ],
  committed: [1, 2],
  decidedBy: ['read', 'write'],
  isSeen: (run) => {
    const [first, second] = readsOf(run, 1)
    return disagree([
      position(first?.[1], { before: 10, after: 12 }),
      position(second?.[2], { before: 20, after: 18 }),
    ])
  },
  expected: {
    postgres: {
      'read-uncommitted': skewed,
      'read-committed': skewed,
      'repeatable-read': oneSnapshot,
      serializable: oneSnapshot,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': innodb,
  },
}
