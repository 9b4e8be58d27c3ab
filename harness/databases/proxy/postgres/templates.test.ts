import { describe, expect, test } from 'vitest'
import { showStatement } from '../../statement.ts'
import { Templates } from './templates.ts'

describe('a statement from the wire', () => {
  test('has its parameters between its parts, and its blanks as they were', () => {
    const text = 'UPDATE t\n  SET a = $1\n WHERE id = $2'
    expect(new Templates().statementOf([{ text, values: [7, 'x'] }])).toEqual({
      parts: ['UPDATE t\n  SET a = ', '\n WHERE id = ', ''],
      params: [7, 'x'],
    })
  })

  test('repeats a parameter where the text does', () => {
    const text = 'SELECT $2, $1, $2'
    expect(new Templates().statementOf([{ text, values: ['one', 'two'] }])).toEqual({
      parts: ['SELECT ', ', ', ', ', ''],
      params: ['two', 'one', 'two'],
    })
  })

  test('is shown as it is where a parameter has no value', () => {
    for (const values of [[], [1]]) {
      const statement = new Templates().statementOf([{ text: 'SELECT $1, $2', values }])
      expect(statement).toEqual({ parts: ['SELECT $1, $2'], params: [] })
    }
    const zero = new Templates().statementOf([{ text: 'SELECT $0', values: [1] }])
    expect(zero).toEqual({ parts: ['SELECT $0'], params: [] })
  })

  test('of several texts has them one after the other, each with its own parameters', () => {
    const statement = new Templates().statementOf([
      { text: 'BEGIN', values: [] },
      { text: 'SELECT $1', values: [1] },
      { text: 'SELECT $1, $2', values: [2, 3] },
    ])
    expect(statement).toEqual({
      parts: ['BEGIN; SELECT ', '; SELECT ', ', ', ''],
      params: [1, 2, 3],
    })
    expect(showStatement(statement)).toBe('BEGIN; SELECT 1; SELECT 2, 3')
  })

  test('that ends in a comment does not take the next one into it', () => {
    const statement = new Templates().statementOf([
      { text: 'SELECT $1 -- one', values: [1] },
      { text: 'SELECT $1', values: [2] },
    ])
    expect(statement).toEqual({ parts: ['SELECT ', ' -- one\n; SELECT ', ''], params: [1, 2] })
  })
})

describe('parts', () => {
  test('are the same array for the same text', () => {
    const templates = new Templates()
    const parts = (values: readonly number[]) =>
      templates.statementOf([{ text: 'SELECT $1', values }]).parts
    expect(parts([1])).toBe(parts([2]))
    expect(templates.statementOf([{ text: 'BEGIN', values: [] }]).parts).toBe(
      templates.statementOf([{ text: 'BEGIN', values: [] }]).parts,
    )
  })

  test('that are kept are for as many values as there are', () => {
    const templates = new Templates()
    const keeper = {}
    const parts = (values: readonly number[]) =>
      templates.statementOf([{ text: 'SELECT $1, $2', values, keeper }]).parts
    const two = parts([1, 2])
    expect(two).toEqual(['SELECT ', ', ', ''])
    expect(parts([1])).toEqual(['SELECT $1, $2'])
    expect(parts([3, 4])).toBe(two)
  })

  test('of one text are not those of two', () => {
    const templates = new Templates()
    const one = templates.statementOf([{ text: 'SELECT 1; SELECT 2', values: [] }])
    const two = templates.statementOf([
      { text: 'SELECT 1', values: [] },
      { text: 'SELECT 2', values: [] },
    ])
    expect(one.parts).toEqual(two.parts)
    expect(one.parts).not.toBe(two.parts)
  })

  test('are forgotten when there are too many, and not those in use', () => {
    const templates = new Templates()
    const parts = (text: string) => templates.statementOf([{ text, values: [] }]).parts
    const [used, unused] = [parts('BEGIN'), parts('SELECT 0')]
    for (let index = 1; index < 1_100; index++) {
      parts(`SELECT ${index}`)
      parts('BEGIN')
    }
    expect(parts('BEGIN')).toBe(used)
    expect(parts('SELECT 0')).not.toBe(unused)
    expect(parts('SELECT 0')).toEqual(unused)
  })

  test('of a text that is too long are not kept', () => {
    const templates = new Templates()
    const short = templates.statementOf([{ text: 'SELECT 1', values: [] }])
    const text = 'x'.repeat(4_000_001)
    expect(templates.statementOf([{ text, values: [] }]).parts).toEqual([text])
    const again = templates.statementOf([{ text: 'SELECT 1', values: [] }])
    expect(again.parts).toBe(short.parts)
  })
})
