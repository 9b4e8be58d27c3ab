import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { disagree, position } from '../position.ts'
import { all, id, initialValues, t1, t2, valueIs } from '../script.ts'
import { deletedRows } from './deleted-rows.ts'

const ofBoth = [{ 1: 10 }, initialValues]
const final = { 1: 12, 2: 18 }
const missed = seen({ reads: [...ofBoth, { 2: 18 }], final })
const missedUnnoticed = seen({ reads: [...ofBoth, { 2: 20 }], final })
const refused = (code: string, name: string, waits: readonly string[] = []) =>
  prevented(`error ${code}`, {
    waits,
    errors: { 'd1[value=20]': name },
    reads: [...ofBoth, 'none'],
    final,
  })
const concurrentUpdate = refused('40001', '40001w')

const innodb = {
  'read-uncommitted': missed,
  'read-committed': missed,
  'repeatable-read': missedUnnoticed,
  serializable: refused('1213', '1213', ['w2[1=12]']),
} as const

export const gSingleWrite: IsolationCase = {
  name: 'g-single-write',
  anomaly: 'G-single',
  summary:
    'T2 writes both rows; seen when T1 reads one from before T2, and deletes as if it came after T2.',
  victim: 'writes',
  script: [
    t1.read(id(1)),
    t2.read(all),
    t2.set(id(1), 12),
    t2.set(id(2), 18),
    t2.commit,
    t1.delete(valueIs(20)),
    t1.read(id(2)),
    t1.commit,
  ],
  committed: [1, 2],
  decidedBy: ['read', 'write', 'delete'],
  isSeen: (run) => {
    const [first] = readsOf(run, 1)
    const deleted = deletedRows(run.final, { 1: [12], 2: [18] })
    return disagree([
      position(first?.[1], { before: 10, after: 12 }),
      position(deleted, { before: '2', after: '' }),
    ])
  },
  expected: {
    postgres: {
      'read-uncommitted': missed,
      'read-committed': missed,
      'repeatable-read': concurrentUpdate,
      serializable: concurrentUpdate,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': { ...innodb, 'repeatable-read': refused('1020', '1020') },
  },
}
