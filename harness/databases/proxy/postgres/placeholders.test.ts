import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findPlaceholders } from './placeholders.ts'

/** Numbers of the parameters that are found. */
const numbers = (text: string): readonly number[] =>
  findPlaceholders(text).map(({ number }) => number)

test.each([
  { text: 'SELECT $1', found: [1] },
  { text: 'SELECT $2, $1, $2', found: [2, 1, 2] },
  { text: '$1$2', found: [1, 2] },
  { text: '$12a', found: [12] },
  { text: 'SELECT $1::text', found: [1] },
  { text: "SELECT '$1', $2", found: [2] },
  { text: "SELECT 'it''s $1', $2", found: [2] },
  { text: String.raw`SELECT '\', $1, '$2'`, found: [1] },
  { text: String.raw`SELECT E'\' $1', $2`, found: [2] },
  { text: String.raw`SELECT e'\\', $1`, found: [1] },
  { text: "SELECT E'a''$1', $2", found: [2] },
  { text: "SELECT E'a'\n  '\\' $1', $2", found: [2] },
  { text: "SELECT E'a' , $1", found: [1] },
  { text: String.raw`SELECT some'\', $1`, found: [1] },
  { text: 'SELECT "$1", "a""$2", $3', found: [3] },
  { text: 'SELECT $$ $1 $$, $2', found: [2] },
  { text: 'SELECT $a$ $1 $$ $b$ $a$, $2', found: [2] },
  { text: 'SELECT $ä$ $1 $ä$, $2', found: [2] },
  { text: 'SELECT a$1, $2', found: [2] },
  { text: 'SELECT ä$1, $2', found: [2] },
  { text: 'SELECT a$$1, $2', found: [2] },
  { text: 'SELECT $1 -- $2\n, $3', found: [1, 3] },
  { text: 'SELECT 1 -- $2', found: [] },
  { text: 'SELECT /* $1 /* $2 */ $3 */ $4', found: [4] },
  { text: 'SELECT 1 /* $1', found: [] },
  { text: "SELECT 'never ends $1", found: [] },
  { text: "SELECT E'never ends $1", found: [] },
  { text: 'SELECT $tag$ $1', found: [] },
  { text: '-$1 / $2 $', found: [1, 2] },
  { text: '', found: [] },
])('in $text there are $found', ({ text, found }) => {
  expect(numbers(text)).toEqual(found)
})

test('each is where it was found', () => {
  const unit = fc.constantFrom(
    '$1',
    '$',
    '1',
    'e',
    "'",
    '"',
    '\\',
    '-',
    '/',
    '*',
    '\n',
    ' ',
    'ä',
    '😀',
  )
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
      let last = 0
      for (const { start, end, number } of findPlaceholders(text)) {
        expect(start).toBeGreaterThanOrEqual(last)
        expect(text.slice(start, end)).toBe(`$${number}`)
        last = end
      }
    }),
  )
})

test.each([
  { what: 'an open comment', text: '/*'.repeat(500_000) },
  { what: 'an open string', text: String.raw`E'\\`.repeat(500_000) },
  { what: 'blanks after a string', text: `E'a'${'\n'.repeat(1_000_000)}` },
  { what: 'dollars', text: '$a'.repeat(500_000) },
  { what: 'quotes', text: `'"`.repeat(500_000) },
])('takes no longer than it has to: $what', ({ text }) => {
  const began = performance.now()
  findPlaceholders(text)
  expect(performance.now() - began).toBeLessThan(2_000)
})
