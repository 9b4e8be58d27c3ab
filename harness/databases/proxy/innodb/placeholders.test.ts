import { describe, expect, test } from 'vitest'
import { splitAtPlaceholders } from './placeholders.ts'
import { partsOf, plainStatement, preparedStatement, repeatedStatement } from './texts.ts'

describe('splitAtPlaceholders', () => {
  test.each([
    { text: 'SELECT 1', parts: ['SELECT 1'] },
    { text: '?', parts: ['', ''] },
    { text: 'a = ? AND b=?', parts: ['a = ', ' AND b=', ''] },
    { text: "'?' ?", parts: ["'?' ", ''] },
    { text: "'it''s ?' ?", parts: ["'it''s ?' ", ''] },
    { text: "'it\\'s ?' ?", parts: ["'it\\'s ?' ", ''] },
    { text: "'\\\\' ?", parts: ["'\\\\' ", ''] },
    { text: '"a ""?" ?', parts: ['"a ""?" ', ''] },
    { text: '`a``?\\` ?', parts: ['`a``?\\` ', ''] },
    { text: '# ?\n?', parts: ['# ?\n', ''] },
    { text: '-- ?\n?', parts: ['-- ?\n', ''] },
    { text: '--?', parts: ['--', ''] },
    { text: '5--?', parts: ['5--', ''] },
    { text: '--', parts: ['--'] },
    { text: '/* ? */ ? /* ?', parts: ['/* ? */ ', ' /* ?'] },
    { text: '/*! ? */ /*M! ?*/', parts: ['/*! ', ' */ /*M! ', '*/'] },
    { text: '1 / ? * ?', parts: ['1 / ', ' * ', ''] },
    { text: "'open ?", parts: ["'open ?"] },
  ])('of $text', ({ text, parts }) => {
    expect(splitAtPlaceholders(text, true)).toEqual(parts)
  })

  test('takes a backslash for itself where it escapes nothing', () => {
    expect(splitAtPlaceholders("'\\' ?", false)).toEqual(["'\\' ", ''])
  })
})

describe('statements', () => {
  test('of one text have the same pieces', () => {
    const first = preparedStatement('SELECT ?', [1], true)
    expect(preparedStatement('SELECT ?', [2], true).parts).toBe(first.parts)
    expect(plainStatement('BEGIN').parts).toBe(plainStatement('BEGIN').parts)
    expect(plainStatement('SELECT ?').parts).toEqual(['SELECT ?'])
  })

  test('forget the texts that were used longest ago', () => {
    const old = partsOf('SELECT 0', true)
    const used = partsOf('SELECT -1', true)
    for (let index = 1; index < 1_100; index++) {
      partsOf(`SELECT ${index}`, true)
      partsOf('SELECT -1', true)
    }
    expect(partsOf('SELECT -1', true)).toBe(used)
    expect(partsOf('SELECT 0', true)).not.toBe(old)
  })

  test('show parameters at the end where their places are not known', () => {
    const { parts, params } = preparedStatement('SELECT "?"', [1, 'x'], true)
    expect(parts).toEqual(['SELECT "?" /* with ', ', ', ' */'])
    expect(params).toEqual([1, 'x'])
  })

  test('that are repeated stand one after the other', () => {
    const { parts, params } = repeatedStatement(
      'INSERT (?, ?)',
      [
        [1, 2],
        [3, 4],
      ],
      true,
    )
    expect(parts).toEqual(['INSERT (', ', ', '); INSERT (', ', ', ')'])
    expect(params).toEqual([1, 2, 3, 4])
    expect(
      repeatedStatement(
        'INSERT (?, ?)',
        [
          [5, 6],
          [7, 8],
        ],
        true,
      ).parts,
    ).toBe(parts)
  })
})
