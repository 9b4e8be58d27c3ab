import { expect, test } from 'vitest'
import { cellOf, type CaseVerdict } from './cell.ts'

const reading = (verdict: CaseVerdict['verdict']): CaseVerdict => ({
  which: { anomaly: 'PMP', victim: 'reads' },
  verdict,
})
const writing = (verdict: CaseVerdict['verdict']): CaseVerdict => ({
  which: { anomaly: 'PMP', victim: 'writes' },
  verdict,
})

test.for([
  ['prevented', [reading('prevented'), writing('prevented')]],
  ['reads only', [reading('prevented'), reading('prevented'), writing('seen')]],
  ['seen', [reading('seen'), writing('prevented')]],
  ['seen', [reading('seen'), reading('prevented'), writing('seen')]],
  ['seen', [writing('seen'), writing('prevented')]],
  ['inconclusive', [reading('inconclusive'), writing('seen')]],
  ['inconclusive', [reading('prevented'), writing('inconclusive')]],
] as const)('is %s for %j', ([cell, verdicts]) => {
  expect(cellOf(verdicts)).toBe(cell)
})
