import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isolationLevels } from '../../databases/isolation.ts'
import { anomalies } from '../anomaly.ts'
import { cellOf } from '../cell.ts'
import { observe, type Observed } from '../course.ts'
import { fabricate } from '../fixtures/fabricate.ts'
import type { IsolationCase } from '../isolation-case.ts'
import { judgeCase, type Judgement } from '../judge.ts'
import { platforms, type Platform } from '../platform.ts'
import { labelsOf } from '../script.ts'
import { serialOrder } from '../serial-order.ts'
import { isolationCases } from './index.ts'

/** Every course that is expected somewhere, with where. */
const courses = isolationCases.flatMap((which) =>
  platforms.flatMap((platform) =>
    isolationLevels.flatMap((isolation) => {
      const course = which.expected[platform][isolation]
      const all = course.earlier ? [course, course.earlier.course] : [course]
      return all.map((each) => ({ which, platform, isolation, course: each }))
    }),
  ),
)

describe('what is expected', () => {
  test.for(courses)(
    'of $which.name on $platform at $isolation is what the judge says of it',
    ({ which, isolation, course }) => {
      const run = fabricate(which.script, course)
      expect(judgeCase(which, run)).toEqual(course.judgement)
      expect(observe(run)).toEqual({
        waits: course.waits,
        errors: course.errors,
        reads: course.reads,
        final: course.final,
      })
      const labels = labelsOf(which.script)
      expect(labels).toEqual(expect.arrayContaining([...course.waits]))
      expect(labels).toEqual(expect.arrayContaining(Object.keys(course.errors)))
      // What Adya's and Berenson's definitions say, and what serial executions say.
      const isSerial = serialOrder(run) !== undefined
      if (course.judgement.verdict === 'seen') expect(isSerial).toBe(false)
      if (isolation === 'serializable') expect(isSerial).toBe(true)
    },
  )

  test('of an anomaly at a level is what the suite has published', () => {
    const rows = platforms.flatMap((platform) =>
      isolationLevels.map((isolation) => {
        const cells = anomalies.map((anomaly) => {
          const own = isolationCases.filter((each) => each.anomaly === anomaly)
          return cellOf(
            own.map((which) => ({
              which,
              verdict: which.expected[platform][isolation].judgement.verdict,
            })),
          )
        })
        return [platform, isolation, shorten(cells)] as const
      }),
    )
    expect(rows).toEqual(published)
  })
})

const shorten = (cells: readonly string[]): string =>
  cells.map((cell) => (cell === 'prevented' ? '-' : cell.replace(' only', ''))).join(' ')

/**
 * G0, G1a, G1b, G1c, OTV, PMP, P4, G-single, G2-item, G2.
 * Source: Kleppmann, "Hermitage", the tables of PostgreSQL 9.3 and MySQL 5.6. PostgreSQL's read
 * uncommitted is its read committed: PostgreSQL manual, 13.2. MariaDB was measured.
 */
const published: readonly (readonly [Platform, string, string])[] = [
  ['postgres', 'read-uncommitted', '- - - - - seen seen seen seen seen'],
  ['postgres', 'read-committed', '- - - - - seen seen seen seen seen'],
  ['postgres', 'repeatable-read', '- - - - - - - - seen seen'],
  ['postgres', 'serializable', '- - - - - - - - - -'],
  ['mysql', 'read-uncommitted', '- seen seen seen seen seen seen seen seen seen'],
  ['mysql', 'read-committed', '- - - - - seen seen seen seen seen'],
  ['mysql', 'repeatable-read', '- - - - - reads seen reads seen seen'],
  ['mysql', 'serializable', '- - - - - - - - - -'],
  ['mariadb', 'read-uncommitted', '- seen seen seen seen seen seen seen seen seen'],
  ['mariadb', 'read-committed', '- - - - - seen seen seen seen seen'],
  ['mariadb', 'repeatable-read', '- - - - - reads seen reads seen seen'],
  ['mariadb', 'serializable', '- - - - - - - - - -'],
  [
    'mariadb with snapshot isolation',
    'read-uncommitted',
    '- seen seen seen seen seen seen seen seen seen',
  ],
  ['mariadb with snapshot isolation', 'read-committed', '- - - - - seen seen seen seen seen'],
  ['mariadb with snapshot isolation', 'repeatable-read', '- - - - - - - - seen seen'],
  ['mariadb with snapshot isolation', 'serializable', '- - - - - - - - - -'],
]

type Shown = Pick<Observed, 'reads' | 'final'> & Partial<Observed>

/** What a judge has to say of what was made up for it: of each case, once yes, once no, once neither. */
const madeUp: readonly (readonly [name: string, what: string, shown: Shown, says: string])[] = [
  ['g0', 'one row each', { reads: [{}], final: { 1: 12, 2: 21 } }, 'seen'],
  ['g0', 'one row each, turned round', { reads: [{}], final: { 1: 11, 2: 22 } }, 'seen'],
  ['g0', 'both rows by T2', { reads: [{}], final: { 1: 12, 2: 22 } }, 'snapshot'],
  [
    'g0',
    'both rows by T2, who waited',
    { reads: [{}], final: { 1: 12, 2: 22 }, waits: ['w2[1=12]'] },
    'waits',
  ],
  [
    'g0',
    'one row each, and T2 refused',
    { reads: [{}], final: { 1: 12, 2: 21 }, errors: { 'w2[2=22]': '1213' } },
    'error 1213',
  ],
  ['g0', 'a value of nobody', { reads: [{}], final: { 1: 12, 2: 23 } }, '?'],
  ['g1a', 'at first', { reads: [{ 1: 101, 2: 20 }, start()], final: start() }, 'seen'],
  ['g1a', 'after the abort', { reads: [start(), { 1: 101, 2: 20 }], final: start() }, 'seen'],
  ['g1a', 'never', { reads: [start(), start()], final: start() }, 'snapshot'],
  [
    'g1a',
    'never, by waiting',
    { reads: [start(), start()], final: start(), waits: ['r2[*]'] },
    'waits',
  ],
  ['g1a', 'a value of nobody', { reads: [{ 1: 7, 2: 20 }, start()], final: start() }, '?'],
  [
    'g1b',
    'what was written first',
    { reads: [{ 1: 101, 2: 20 }, start()], final: { 1: 11, 2: 20 } },
    'seen',
  ],
  [
    'g1b',
    'only what was committed',
    { reads: [start(), start()], final: { 1: 11, 2: 20 } },
    'snapshot',
  ],
  ['g1b', 'no row', { reads: [{}, start()], final: { 1: 11, 2: 20 } }, '?'],
  ['g1c', 'each the other', { reads: [{ 2: 22 }, { 1: 11 }], final: { 1: 11, 2: 22 } }, 'seen'],
  [
    'g1c',
    'only T2 the other',
    { reads: [{ 2: 20 }, { 1: 11 }], final: { 1: 11, 2: 22 } },
    'snapshot',
  ],
  [
    'g1c',
    'only T1 the other',
    { reads: [{ 2: 22 }, { 1: 10 }], final: { 1: 11, 2: 22 } },
    'snapshot',
  ],
  ['g1c', 'no row', { reads: [{}, { 1: 10 }], final: { 1: 11, 2: 22 } }, '?'],
  ['otv', 'half of T2', { reads: [half(), late(), late()], final: late() }, 'seen'],
  [
    'otv',
    'the other half of T2',
    { reads: [{ 1: 11, 2: 18 }, late(), late()], final: late() },
    'seen',
  ],
  ['otv', 'T2 and then T1', { reads: [late(), early(), late()], final: late() }, 'seen'],
  ['otv', 'T1 and then T2', { reads: [early(), late(), late()], final: late() }, 'snapshot'],
  ['otv', 'half of T1', { reads: [{ 1: 11, 2: 20 }, early(), early()], final: late() }, 'snapshot'],
  ['otv', 'a value of nobody', { reads: [{ 1: 11, 2: 12 }, early(), early()], final: late() }, '?'],
  ['pmp-read', 'at last', { reads: [{}, { 3: 30 }], final: three() }, 'seen'],
  ['pmp-read', 'at first', { reads: [{ 3: 30 }, {}], final: three() }, 'seen'],
  ['pmp-read', 'never', { reads: [{}, {}], final: three() }, 'snapshot'],
  ['pmp-read', 'always', { reads: [{ 3: 30 }, { 3: 30 }], final: three() }, 'snapshot'],
  ['pmp-read', 'another row', { reads: [{}, { 4: 30 }], final: three() }, '?'],
  ['pmp-write', 'no row', { reads: [{}], final: { 1: 20, 2: 30 } }, 'seen'],
  ['pmp-write', 'both rows', { reads: [{}], final: {} }, 'seen'],
  ['pmp-write', 'the row that is', { reads: [{}], final: { 2: 30 } }, 'snapshot'],
  ['pmp-write', 'the row that was', { reads: [{}], final: { 1: 20 } }, 'snapshot'],
  ['pmp-write', 'a value of nobody', { reads: [{}], final: { 1: 21 } }, '?'],
  ['pmp-write-after-read', 'another row', { reads: [{ 2: 20 }, {}], final: { 2: 30 } }, 'seen'],
  ['pmp-write-after-read', 'no row', { reads: [{ 2: 20 }, {}], final: { 1: 20, 2: 30 } }, 'seen'],
  [
    'pmp-write-after-read',
    'the row',
    { reads: [{ 2: 20 }, { 1: 10 }], final: { 1: 20 } },
    'snapshot',
  ],
  ['pmp-write-after-read', 'no row found', { reads: [{}, {}], final: { 1: 20 } }, '?'],
  ['p4', 'both 10', { reads: [{ 1: 10 }, { 1: 10 }], final: { 1: 11, 2: 20 } }, 'seen'],
  [
    'p4',
    'T2 what T1 wrote',
    { reads: [{ 1: 10 }, { 1: 11 }], final: { 1: 11, 2: 20 } },
    'snapshot',
  ],
  [
    'p4',
    'both 10, and T2 refused',
    { reads: [{ 1: 10 }, { 1: 10 }], final: { 1: 11, 2: 20 }, errors: { 'w2[1=11]': '1020' } },
    'error 1020',
  ],
  [
    'p4',
    'both 10, and T2 out of time',
    { reads: [{ 1: 10 }, { 1: 10 }], final: { 1: 11, 2: 20 }, errors: { 'w2[1=11]': '1205' } },
    '?',
  ],
  ['p4', 'no row', { reads: [{ 1: 10 }, {}], final: { 1: 11, 2: 20 } }, '?'],
  [
    'g-single',
    'old and new',
    { reads: [{ 1: 10 }, {}, {}, { 2: 18 }], final: { 1: 12, 2: 18 } },
    'seen',
  ],
  [
    'g-single',
    'new and old',
    { reads: [{ 1: 12 }, {}, {}, { 2: 20 }], final: { 1: 12, 2: 18 } },
    'seen',
  ],
  [
    'g-single',
    'old',
    { reads: [{ 1: 10 }, {}, {}, { 2: 20 }], final: { 1: 12, 2: 18 } },
    'snapshot',
  ],
  ['g-single', 'no row', { reads: [{}, {}, {}, { 2: 20 }], final: { 1: 12, 2: 18 } }, '?'],
  [
    'g-single-predicate',
    'old and new',
    { reads: [start(), { 1: 12 }], final: { 1: 12, 2: 20 } },
    'seen',
  ],
  ['g-single-predicate', 'old', { reads: [start(), {}], final: { 1: 12, 2: 20 } }, 'snapshot'],
  [
    'g-single-predicate',
    'new',
    { reads: [{ 2: 20 }, { 1: 12 }], final: { 1: 12, 2: 20 } },
    'snapshot',
  ],
  ['g-single-predicate', 'nothing', { reads: [{}, {}], final: { 1: 12, 2: 20 } }, '?'],
  [
    'g-single-write',
    'nothing to delete',
    { reads: [{ 1: 10 }, start(), {}], final: { 1: 12, 2: 18 } },
    'seen',
  ],
  [
    'g-single-write',
    'what it deletes',
    { reads: [{ 1: 10 }, start(), {}], final: { 1: 12 } },
    'snapshot',
  ],
  ['g-single-write', 'both gone', { reads: [{ 1: 10 }, start(), {}], final: {} }, '?'],
  ['g2-item', 'neither', { reads: [start(), start()], final: { 1: 11, 2: 21 } }, 'seen'],
  [
    'g2-item',
    'T2 does',
    { reads: [start(), { 1: 11, 2: 20 }], final: { 1: 11, 2: 21 } },
    'snapshot',
  ],
  ['g2-item', 'one row only', { reads: [start(), { 1: 10 }], final: { 1: 11, 2: 21 } }, '?'],
  ['g2', 'neither', { reads: [{}, {}], final: four() }, 'seen'],
  ['g2', 'T2 does', { reads: [{}, { 3: 30 }], final: four() }, 'snapshot'],
  ['g2', 'another row', { reads: [{}, { 1: 10 }], final: four() }, '?'],
  [
    'g2-fekete',
    'the cycle',
    { reads: [start(), { 1: 10, 2: 25 }], final: { 1: 0, 2: 25 } },
    'seen',
  ],
  ['g2-fekete', 'T3 neither', { reads: [start(), start()], final: { 1: 0, 2: 25 } }, 'snapshot'],
  [
    'g2-fekete',
    'T3 both',
    { reads: [start(), { 1: 0, 2: 25 }], final: { 1: 0, 2: 25 } },
    'snapshot',
  ],
  ['g2-fekete', 'no row', { reads: [start(), {}], final: { 1: 0, 2: 25 } }, '?'],
]

function start() {
  return { 1: 10, 2: 20 }
}
function early() {
  return { 1: 11, 2: 19 }
}
function half() {
  return { 1: 12, 2: 19 }
}
function late() {
  return { 1: 12, 2: 18 }
}
function three() {
  return { 1: 10, 2: 20, 3: 30 }
}
function four() {
  return { ...three(), 4: 42 }
}

const named = (name: string): IsolationCase => {
  const found = isolationCases.find((each) => each.name === name)
  if (!found) throw new Error(`There is no case ${name}.`)
  return found
}

const saidOf = (judgement: Judgement): string => {
  if (judgement.verdict === 'prevented') return judgement.by
  return judgement.verdict === 'seen' ? 'seen' : '?'
}

describe('a judge', () => {
  test.for(madeUp)('of %s, shown %s', ([name, , shown, says]) => {
    const which = named(name)
    const run = fabricate(which.script, { waits: [], errors: {}, ...shown })
    expect(saidOf(judgeCase(which, run))).toBe(says)
  })

  test.for(isolationCases)('of $name was shown both', ({ name }) => {
    const says = madeUp.filter(([each]) => each === name).map(([, , , say]) => say)
    expect(says).toEqual(expect.arrayContaining(['seen', '?']))
    expect(says.filter((say) => say !== 'seen' && say !== '?')).not.toEqual([])
  })

  test.for(isolationCases)('of $name sees nothing that a serial order explains', (which) => {
    const known = [
      ...courses.filter((each) => each.which === which).map(({ course }) => course),
      ...madeUp.filter(([name]) => name === which.name).map(([, , shown]) => shown),
    ]
    const rows = fc.constantFrom(
      ...known.flatMap(({ reads }) => reads.filter((each) => each !== 'none')),
    )
    const number = which.script.filter(({ action }) => action.kind === 'read').length
    const shown = fc.record({
      reads: fc.array(rows, { minLength: number, maxLength: number }),
      final: fc.constantFrom(...known.map(({ final }) => final)),
    })
    let seen = 0
    fc.assert(
      fc.property(shown, ({ reads, final }) => {
        const run = fabricate(which.script, { waits: [], errors: {}, reads, final })
        if (!which.isSeen(run)) return
        seen += 1
        expect(serialOrder(run)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
    expect(seen).toBeGreaterThan(0)
  })

  test('does not say seen where a serial order explains it all the same', () => {
    const which = { ...named('p4'), isSeen: () => true }
    const shown = { waits: [], errors: {}, reads: [{ 1: 10 }, { 1: 11 }], final: { 1: 11, 2: 20 } }
    expect(judgeCase(which, fabricate(which.script, shown))).toEqual({
      verdict: 'inconclusive',
      reason: 'What was seen would be the anomaly, but could come of T1, T2 one after the other.',
    })
  })

  test('says why it cannot say', () => {
    const which = named('p4')
    const reads = [{ 1: 10 }, { 1: 10 }]
    const reasonOf = (shown: Shown): string => {
      const run = fabricate(which.script, { waits: [], errors: {}, ...shown })
      const judgement = judgeCase(which, run)
      return judgement.verdict === 'inconclusive' ? judgement.reason : judgement.verdict
    }
    const final = { 1: 11, 2: 20 }
    expect(reasonOf({ reads, final, errors: { 'w2[1=11]': '1205' } })).toBe(
      'w2[1=11] failed with 1205 (Lock wait timeout exceeded), which is no conflict between transactions.',
    )
    expect(reasonOf({ reads: [{ 1: 10 }, { 1: 7 }], final })).toBe(
      'What was read, or left in the end, is nothing that the script writes: reads (1,10), (1,7); in the end (1,11) (2,20).',
    )
  })
})
