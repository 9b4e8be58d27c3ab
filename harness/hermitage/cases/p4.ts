import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { id, t1, t2 } from '../script.ts'
import { rowsAmong } from './known-rows.ts'

const reads = [{ 1: 10 }, { 1: 10 }]
const final = { 1: 11, 2: 20 }
const lost = seen({ waits: ['w2[1=11]'], reads, final })
const refused = (code: string, name: string) =>
  prevented(`error ${code}`, { waits: ['w2[1=11]'], errors: { 'w2[1=11]': name }, reads, final })
const concurrentUpdate = refused('40001', '40001w')
const deadlock = prevented('error 1213', {
  waits: ['w1[1=11]'],
  errors: { 'w2[1=11]': '1213' },
  reads,
  final,
})

const innodb = {
  'read-uncommitted': lost,
  'read-committed': lost,
  'repeatable-read': lost,
  serializable: deadlock,
} as const

export const p4: IsolationCase = {
  name: 'p4',
  anomaly: 'P4',
  summary: 'Both read a row and write one more than 10; seen when both have read 10 and committed.',
  victim: 'writes',
  script: [
    t1.read(id(1)),
    t2.read(id(1)),
    t1.set(id(1), 11),
    t2.set(id(1), 11),
    t1.commit,
    t2.commit,
  ],
  committed: [1, 2],
  decidedBy: ['read', 'write'],
  isSeen: (run) => {
    const read = [1, 2] as const
    const found = rowsAmong(
      read.flatMap((session) => readsOf(run, session)),
      [{ 1: 10 }, { 1: 11 }],
    )
    return found?.every((rows) => rows[1] === 10)
  },
  expected: {
    postgres: {
      'read-uncommitted': lost,
      'read-committed': lost,
      'repeatable-read': concurrentUpdate,
      serializable: concurrentUpdate,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': { ...innodb, 'repeatable-read': refused('1020', '1020') },
  },
}
