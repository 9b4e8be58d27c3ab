import { expect, test } from 'vitest'
import { errorName, prevented, seen, wentAs, type Observed } from './course.ts'
import type { Judgement } from './judge.ts'

const observed: Observed = {
  waits: ['w2[1=12]'],
  errors: { 'w2[1=12]': '40001w' },
  reads: [{ 1: 10 }, 'none'],
  final: { 1: 10, 2: 20 },
}
const judgement: Judgement = { verdict: 'prevented', by: 'error 40001' }
const expected = prevented('error 40001', observed)

test('a run goes as expected when all of it does', () => {
  expect(wentAs(expected, judgement, observed)).toBe('expected')
})

test.for<readonly [string, Judgement, Observed]>([
  ['verdict', { verdict: 'seen' }, observed],
  ['reason', { verdict: 'prevented', by: 'waits' }, observed],
  ['judgement', { verdict: 'inconclusive', reason: 'It was lost.' }, observed],
  ['wait', judgement, { ...observed, waits: [] }],
  ['other wait', judgement, { ...observed, waits: ['r2[*]'] }],
  ['error', judgement, { ...observed, errors: {} }],
  ['other error', judgement, { ...observed, errors: { 'w2[1=12]': '40001s' } }],
  ['other step', judgement, { ...observed, errors: { c2: '40001w' } }],
  ['read', judgement, { ...observed, reads: [{ 1: 11 }, 'none'] }],
  ['more reads', judgement, { ...observed, reads: [{ 1: 10 }, { 1: 10 }] }],
  ['fewer rows', judgement, { ...observed, reads: [{}, 'none'] }],
  ['final row', judgement, { ...observed, final: { 1: 10, 2: 21 } }],
  ['more rows', judgement, { ...observed, final: { 1: 10, 2: 20, 3: 30 } }],
])('a run with another %s does not', ([, said, shown]) => {
  expect(wentAs(expected, said, shown)).toBeUndefined()
})

test('a run may go as it does in earlier versions', () => {
  const since = prevented(
    'waits',
    { ...observed, errors: {} },
    {
      course: expected,
      why: 'It was changed.',
    },
  )
  expect(wentAs(since, judgement, observed)).toBe('earlier versions')
  expect(wentAs(since, { verdict: 'prevented', by: 'waits' }, { ...observed, errors: {} })).toBe(
    'expected',
  )
  expect(wentAs(since, { verdict: 'seen' }, observed)).toBeUndefined()
})

test('an error is known by its code where its message is in another language', () => {
  expect(wentAs(expected, judgement, { ...observed, errors: { 'w2[1=12]': '40001' } })).toBe(
    'expected',
  )
  const errorClass = 'serialization failure'
  expect(errorName({ errorClass, code: '40001', message: 'Zugriff nicht serialisierbar' })).toBe(
    '40001',
  )
})

test('an anomaly that is expected waits for nothing and fails with nothing unless it says so', () => {
  expect(seen({ reads: [], final: {} })).toEqual({
    waits: [],
    errors: {},
    reads: [],
    final: {},
    judgement: { verdict: 'seen' },
  })
})
