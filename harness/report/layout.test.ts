import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { indent, pageWidth, wrap } from './layout.ts'
import { count } from '../words.ts'

const printable = fc.string({ unit: 'grapheme-ascii', maxLength: 300 })

describe('wrap', () => {
  test('breaks between words', () => {
    expect(wrap('SELECT stock FROM product WHERE id = 1', 14)).toEqual([
      'SELECT stock',
      'FROM product',
      'WHERE id = 1',
    ])
  })

  test('breaks a word only where it is too wide by itself', () => {
    expect(wrap('of stock_that_is_never_negative', 10)).toEqual([
      'of',
      'stock_that',
      '_is_never_',
      'negative',
    ])
  })

  test('keeps line breaks, and a text that fits as it is', () => {
    expect(wrap('one\ntwo', 10)).toEqual(['one', 'two'])
    expect(wrap('', 10)).toEqual([''])
  })

  test('loses nothing but blanks, and keeps to the width', () => {
    fc.assert(
      fc.property(printable, fc.integer({ min: 1, max: 60 }), (text, width) => {
        const lines = wrap(text, width)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
      }),
    )
  })

  test('counts a wide character as the two columns it takes', () => {
    expect(wrap('株式在庫', 4)).toEqual(['株式', '在庫'])
  })
})

describe('indent', () => {
  test('sets every line in', () => {
    expect(indent('one\ntwo', 2)).toBe('  one\n  two')
  })

  test('leaves no line wider than the page', () => {
    fc.assert(
      fc.property(printable, fc.integer({ min: 0, max: 40 }), (text, by) => {
        for (const line of indent(text, by).split('\n')) {
          expect(line.length).toBeLessThanOrEqual(pageWidth)
          expect(line.startsWith(' '.repeat(by))).toBe(true)
        }
      }),
    )
  })

  test('the page is 100 columns wide', () => {
    expect(pageWidth).toBe(100)
  })
})

describe('count', () => {
  test.each([
    [0, '0 schedules'],
    [1, '1 schedule'],
    [2, '2 schedules'],
    [21, '21 schedules'],
    [2_682, '2,682 schedules'],
    [1_000_001, '1,000,001 schedules'],
  ])('of %i is "%s"', (number, text) => {
    expect(count(number, 'schedule')).toBe(text)
  })

  test('takes a plural of its own', () => {
    expect(count(2, 'context switch', 'context switches')).toBe('2 context switches')
    expect(count(1, 'context switch', 'context switches')).toBe('1 context switch')
  })
})
