import { describe, expect, test } from 'vitest'
import type { Exploration } from '../verdict.ts'
import { explored, lostUpdate } from './fixtures/lost-update.ts'
import { matrixToJson, matrixVerdict, renderMatrix, type Matrix, type NotRun } from './matrix.ts'

const holds: Exploration = { ...explored, verdict: 'holds' }
const violated: Exploration = {
  ...explored,
  isolation: 'repeatable-read',
  verdict: 'violated',
  counterexample: lostUpdate,
}
const inconclusive: Exploration = {
  ...explored,
  verdict: 'inconclusive',
  reason: 'The server has gone.',
  fault: 'database',
}
const noMysql: NotRun = {
  engine: 'mysql',
  reason: 'There is no MySQL to be had.\n  local: No mysqld was found. Install it.',
  required: false,
}

const matrix = (explorations: readonly Exploration[], notRun: readonly NotRun[] = []): Matrix => ({
  workload: 'purchase',
  strategy: 'read-modify-write',
  explorations,
  notRun,
})

describe('the verdict on several explorations', () => {
  test.for([
    { name: 'all hold', matrix: matrix([holds, holds]), verdict: 'holds' },
    {
      name: 'one is violated',
      matrix: matrix([holds, violated, inconclusive]),
      verdict: 'violated',
    },
    { name: 'one is inconclusive', matrix: matrix([holds, inconclusive]), verdict: 'inconclusive' },
    { name: 'an engine was not run', matrix: matrix([holds], [noMysql]), verdict: 'holds' },
    {
      name: 'a required engine was not run',
      matrix: matrix([holds], [{ ...noMysql, required: true }]),
      verdict: 'inconclusive',
    },
    { name: 'none was run', matrix: matrix([], [noMysql]), verdict: 'inconclusive' },
  ])('$name', ({ matrix: of, verdict }) => {
    expect(matrixVerdict(of)).toBe(verdict)
  })
})

test('people see a line for each, and what was not run', () => {
  const text = renderMatrix(matrix([holds, violated], [{ ...noMysql, required: true }]))
  expect(text).toMatchInlineSnapshot(`
    "VIOLATED  purchase/read-modify-write: 2 explorations; 1 engine not run
      PostgreSQL 18.4  read-committed   HOLDS     9 schedules
      PostgreSQL 18.4  repeatable-read  VIOLATED  stock-conserved, after 9 schedules, lost-update
      MySQL was not run, and is required. There is no MySQL to be had.
      local: No mysqld was found. Install it."
  `)
})

test('programs see the same', () => {
  expect(matrixToJson(matrix([holds], [noMysql]))).toEqual({
    verdict: 'holds',
    workload: 'purchase',
    strategy: 'read-modify-write',
    explorations: [holds],
    notRun: [noMysql],
  })
})
