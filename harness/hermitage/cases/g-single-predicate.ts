import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { disagree, position } from '../position.ts'
import { initialValues, multipleOf, t1, t2, valueIs, type Values } from '../script.ts'

const final = { 1: 12, 2: 20 }
const skewed = seen({ reads: [initialValues, { 1: 12 }], final })
const oneSnapshot = prevented('snapshot', { reads: [initialValues, {}], final })
const blocked = prevented('waits', {
  waits: ['w2[value=10: 12]'],
  reads: [initialValues, {}],
  final,
})

const innodb = {
  'read-uncommitted': skewed,
  'read-committed': skewed,
  'repeatable-read': oneSnapshot,
  serializable: blocked,
} as const

/** As one word, to compare. */
const text = (rows: Values | undefined): string => JSON.stringify(rows ?? null)

export const gSinglePredicate: IsolationCase = {
  name: 'g-single-predicate',
  anomaly: 'G-single',
  summary:
    'T2 makes 10 into 12; seen when T1 finds it with one predicate as it was, and with another as it is.',
  victim: 'reads',
  script: [
    t1.read(multipleOf(5)),
    t2.set(valueIs(10), 12),
    t2.commit,
    t1.read(multipleOf(3)),
    t1.commit,
  ],
  committed: [1, 2],
  decidedBy: ['read', 'write'],
  isSeen: (run) => {
    const [first, second] = readsOf(run, 1)
    return disagree([
      position(text(first), { before: text(initialValues), after: text({ 2: 20 }) }),
      position(text(second), { before: text({}), after: text({ 1: 12 }) }),
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
