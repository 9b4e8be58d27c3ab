import { expect, test } from 'vitest'
import { statement } from '../databases/statement.ts'
import type { Step } from '../session.ts'
import { isSamePoint } from './determinism.ts'

const at = (request: Step) => ({ step: 1, enabled: [0], requests: [request] })
const insert = (value: number) => statement(['INSERT INTO note VALUES (', ')'], [value])

test.for([
  ['another value', { kind: 'statement', statement: insert(2) }],
  ['another text', { kind: 'statement', statement: statement(['SELECT 1']) }],
  ['the rest of the same statement', { kind: 'phase', statement: insert(1) }],
  ['a sleep', { kind: 'sleep', ms: 1 }],
] as const)('a statement is not the same as %s', ([, other]) => {
  const whole: Step = { kind: 'statement', statement: insert(1) }
  expect(isSamePoint(at(whole), at({ ...whole, statement: insert(1) }))).toBe(true)
  expect(isSamePoint(at(other), at({ ...other }))).toBe(true)
  expect(isSamePoint(at(whole), at(other))).toBe(false)
  expect(isSamePoint(at(other), at(whole))).toBe(false)
})
