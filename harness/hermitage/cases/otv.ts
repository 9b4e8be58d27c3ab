import { readsOf } from '../case-run.ts'
import { prevented, seen } from '../course.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { all, id, t1, t2, t3, type Values } from '../script.ts'

const byT1 = { 1: 11, 2: 19 }
const half = { 1: 12, 2: 19 }
const byT2 = { 1: 12, 2: 18 }
const waits = ['w2[1=12]']

const lastCommitted = prevented('snapshot', { waits, reads: [byT1, byT1, byT2], final: byT2 })
const oneSnapshot = prevented('snapshot', { waits, reads: [byT1, byT1, byT1], final: byT2 })
const dirty = seen({ waits, reads: [half, byT2, byT2], final: byT2 })
const blocked = prevented('waits', {
  waits: [...waits, 'r3[*]'],
  reads: [byT2, byT2, byT2],
  final: byT2,
})
const refused = (code: string, name: string) =>
  prevented(`error ${code}`, {
    waits,
    errors: { 'w2[1=12]': name },
    reads: [byT1, byT1, byT1],
    final: byT1,
  })
const concurrentUpdate = refused('40001', '40001w')

const innodb = {
  'read-uncommitted': dirty,
  'read-committed': lastCommitted,
  'repeatable-read': oneSnapshot,
  serializable: blocked,
} as const

export const otv: IsolationCase = {
  name: 'otv',
  anomaly: 'OTV',
  summary:
    'T1 and then T2 write both rows; seen when T3 meets T2 in a row, and does not in what it reads with it or after it.',
  victim: 'reads',
  script: [
    t1.set(id(1), 11),
    t1.set(id(2), 19),
    t2.set(id(1), 12),
    t1.commit,
    t3.read(all),
    t2.set(id(2), 18),
    t3.read(all),
    t2.commit,
    t3.read(all),
    t3.commit,
  ],
  committed: [1, 2, 3],
  decidedBy: ['read'],
  isSeen: (run) => {
    const reads = readsOf(run, 3)
    return reads.every(isKnown) ? vanishes(reads) : undefined
  },
  expected: {
    postgres: {
      'read-uncommitted': lastCommitted,
      'read-committed': lastCommitted,
      'repeatable-read': concurrentUpdate,
      serializable: concurrentUpdate,
    },
    mysql: innodb,
    mariadb: innodb,
    'mariadb with snapshot isolation': { ...innodb, serializable: refused('1020', '1020') },
  },
}

/** Whoever has met T2 once, in either row, must meet it in both rows from then on. */
function vanishes(reads: readonly Values[]): boolean {
  const firstMet = reads.findIndex((rows) => rows[1] === byT2[1] || rows[2] === byT2[2])
  if (firstMet < 0) return false
  return reads.slice(firstMet).some((rows) => rows[1] !== byT2[1] || rows[2] !== byT2[2])
}

const isKnown = (rows: Values | undefined): rows is Values =>
  rows !== undefined && [10, 11, 12].includes(rows[1] ?? 0) && [20, 19, 18].includes(rows[2] ?? 0)
