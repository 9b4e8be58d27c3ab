import { expect, test } from 'vitest'
import { differByChoice, type Found } from './reduction.ts'

const found = (classes: Record<string, readonly string[]>, ...queued: string[]): Found => ({
  schedules: 1,
  classes: new Map(Object.entries(classes).map(([id, outcomes]) => [id, new Set(outcomes)])),
  queued: new Set(queued),
})

test.each([
  ['nothing differs', found({ a: ['1'] }, 'a'), found({ b: ['1'] }), false],
  ['none waited', found({ a: ['1'], b: ['2'] }), found({ a: ['1'] }), false],
  ['several waited', found({ a: ['1'], b: ['2'] }, 'b'), found({ a: ['1'] }), true],
  ['others waited', found({ a: ['1'], b: ['2'] }, 'a'), found({ a: ['1'] }, 'a'), false],
  ['the reduced search met more', found({ a: ['1'] }), found({ a: ['1'], b: ['2'] }, 'b'), true],
])('searches differ by the choice of a database: %s', (_name, full, few, expected) => {
  expect(differByChoice({ full, few })).toBe(expected)
})
