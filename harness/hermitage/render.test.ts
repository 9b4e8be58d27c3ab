import { describe, expect, test } from 'vitest'
import type { History } from '../history.ts'
import { isolationCases } from './cases/index.ts'
import { observe, wentAs, type Observed } from './course.ts'
import { fabricate } from './fixtures/fabricate.ts'
import {
  hermitageVerdict,
  type CaseResult,
  type HermitageResult,
  type LevelResult,
} from './hermitage.ts'
import { judgeCase } from './judge.ts'
import { renderHermitage } from './render.ts'
import { toStatement } from './script.ts'
import { hermitageToJson } from './to-json.ts'

const repeatableRead = { platform: 'mysql', isolation: 'repeatable-read' } as const

/** A case as MySQL shows it at repeatable read, or with something else shown. */
function resultOf(name: string, other: Partial<Observed> = {}): CaseResult {
  const which = isolationCases.find((each) => each.name === name)
  if (!which) throw new Error(`There is no case ${name}.`)
  const expected = which.expected.mysql['repeatable-read']
  const run = { ...fabricate(which.script, { ...expected, ...other }), history }
  const judgement = judgeCase(which, run)
  return { which, expected, judgement, run, wentAs: wentAs(expected, judgement, observe(run)) }
}

const request = (sql: Parameters<typeof toStatement>[0]) =>
  ({ kind: 'statement', statement: toStatement(sql) }) as const

/** Not of any case: what is told of it is all that matters here. */
const history: History = [
  { kind: 'sent', actor: 0, step: 1, request: request({ kind: 'read', where: { kind: 'all' } }) },
  {
    kind: 'completed',
    actor: 0,
    step: 1,
    rows: [
      { id: 2, value: 20 },
      { id: 1, value: 10 },
    ],
    affectedRows: 2,
    transaction: 'open',
  },
  { kind: 'sent', actor: 1, step: 2, request: request({ kind: 'delete', where: { kind: 'all' } }) },
  { kind: 'blocked', actor: 1, step: 2, by: [0] },
  { kind: 'blocked', actor: 1, step: 2, by: [0, 2] },
  { kind: 'sent', actor: 0, step: 3, request: request({ kind: 'commit' }) },
  {
    kind: 'completed',
    actor: 0,
    step: 3,
    rows: [],
    affectedRows: 0,
    transaction: 'none',
  },
  { kind: 'unblocked', actor: 1, step: 2 },
  {
    kind: 'failed',
    actor: 1,
    step: 2,
    error: { errorClass: 'deadlock', code: '1213', message: 'Deadlock found' },
    transaction: 'none',
  },
]

const levelOf = (...cases: readonly CaseResult[]): LevelResult => ({
  ...repeatableRead,
  database: { engine: 'mysql', version: '9.7.4', provider: 'url' },
  cases,
})

const asExpected = isolationCases.map(({ name }) => resultOf(name))
const kept = resultOf('p4', {
  waits: ['w1[1=11]'],
  errors: { 'w2[1=11]': '1213' },
})
const lost: CaseResult = {
  which: kept.which,
  expected: kept.expected,
  judgement: { verdict: 'inconclusive', reason: 'The connection was lost.' },
  wentAs: undefined,
}

describe('the report', () => {
  test('shows every level with what was expected of it, and what prevented each case', () => {
    const text = renderHermitage({ levels: [levelOf(...asExpected)], notRun: [] })
    expect(text.split('\n')).toEqual([
      'MySQL 9.7.4 (url)',
      '',
      '                             G0  G1a  G1b  G1c  OTV  PMP    P4    G-single  G2-item  G2',
      '  repeatable-read  expected  -   -    -    -    -    reads  seen  reads     seen     seen',
      '                   observed  -   -    -    -    -    reads  seen  reads     seen     seen',
      '',
      '  case                  repeatable-read',
      '  g0                    waits',
      '  g1a                   snapshot',
      '  g1b                   snapshot',
      '  g1c                   snapshot',
      '  otv                   snapshot',
      '  pmp-read              snapshot',
      '  pmp-write             waits',
      '  pmp-write-after-read  seen',
      '  p4                    seen',
      '  g-single              snapshot',
      '  g-single-predicate    snapshot',
      '  g-single-write        seen',
      '  g2-item               seen',
      '  g2                    seen',
      '  g2-fekete             seen',
      '',
      '-  prevented; reads  prevented for transactions that only read, seen once they write',
      '?  inconclusive; *  not as expected',
      '',
      'AS EXPECTED  Hermitage: 15 runs, 15 as expected',
    ])
  })

  test('shows what is different with all that happened', () => {
    const text = renderHermitage({ levels: [levelOf(resultOf('g0'), kept)], notRun: [] })
    expect(text).toContain('  repeatable-read  expected  -   seen\n')
    expect(text).toContain('                   observed  -   -*\n')
    expect(text).toContain('  p4    error 1213*\n')
    expect(text).toContain(
      [
        'DIFFERENT  p4 on MySQL 9.7.4 (url) at repeatable-read',
        `  ${kept.which.summary}`,
        '    T1  SELECT * FROM test    (1,10) (2,20)',
        '    T2  DELETE FROM test      (waits)',
        '    T1  COMMIT',
        '    T2  ... DELETE FROM test  error 1213: Deadlock found',
        '    in the end: (1,11) (2,20)',
        '  expected: seen; waits: w2[1=11]; errors: none; reads: (1,10), (1,10); in the end: (1,11) (2,20)',
        '  observed: prevented by error 1213; waits: w1[1=11]; errors: w2[1=11] 1213; reads: (1,10), (1,10);',
        '  in the end: (1,11) (2,20)',
      ].join('\n'),
    )
    expect(text.split('\n').at(-1)).toBe('DIFFERENT  Hermitage: 2 runs, 1 as expected, 1 different')
  })

  test('says why something is not known, and counts it', () => {
    const missing = { platform: 'mariadb with snapshot isolation', reason: 'It is not there.' }
    const result = { levels: [levelOf(lost)], notRun: [missing] } as HermitageResult
    const text = renderHermitage(result)
    expect(text).toContain('                   observed  ?*\n')
    expect(text).toContain(
      '\n\nINCONCLUSIVE  p4 on MySQL 9.7.4 (url) at repeatable-read\n  The connection was lost.\n',
    )
    expect(text).toMatch(
      /INCONCLUSIVE {2}Hermitage: 1 run, 0 as expected, 1 inconclusive, 1 database not run\n {2}MariaDB with snapshot isolation was not run\. It is not there\.$/,
    )
  })
})

describe('the verdict', () => {
  const notRun = [{ platform: 'mariadb', reason: 'It is not there.' }] as const
  test.for<readonly [string, HermitageResult]>([
    ['as expected', { levels: [levelOf(...asExpected)], notRun: [] }],
    ['different', { levels: [levelOf(...asExpected, kept)], notRun: [] }],
    ['different', { levels: [levelOf(lost, kept)], notRun }],
    ['inconclusive', { levels: [levelOf(...asExpected, lost)], notRun: [] }],
    ['inconclusive', { levels: [levelOf(...asExpected)], notRun }],
    ['inconclusive', { levels: [], notRun: [] }],
  ])('is %s', ([verdict, result]) => {
    expect(hermitageVerdict(result)).toBe(verdict)
  })
})

test('programs are told the same', () => {
  expect(hermitageToJson({ levels: [levelOf(kept, lost)], notRun: [] })).toMatchObject({
    verdict: 'different',
    levels: [
      {
        ...repeatableRead,
        anomalies: { P4: { expected: 'seen', observed: 'inconclusive' } },
        cases: [
          {
            case: 'p4',
            anomaly: 'P4',
            wentAs: null,
            expected: { verdict: 'seen', waits: ['w2[1=11]'], final: { 1: 11, 2: 20 } },
            observed: {
              verdict: 'prevented',
              by: 'error 1213',
              errors: { 'w2[1=11]': '1213' },
              reads: [{ 1: 10 }, { 1: 10 }],
              serialOrder: [1],
              transcript: [
                { session: 'T1', statement: 'SELECT * FROM test', result: '(1,10) (2,20)' },
                { session: 'T2', result: '(waits)' },
                { session: 'T1', statement: 'COMMIT', result: '' },
                { session: 'T2', result: 'error 1213: Deadlock found' },
              ],
            },
          },
          { case: 'p4', observed: { verdict: 'inconclusive', reason: 'The connection was lost.' } },
        ],
      },
    ],
    notRun: [],
  })
})
