import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  renderStatement,
  showLiteral,
  showStatement,
  statement,
  type SqlValue,
} from './statement.ts'

/** As a strategy's template literal gives it. */
const sql = (parts: TemplateStringsArray, ...params: readonly SqlValue[]) =>
  statement(parts, params)

describe('showLiteral', () => {
  test.each([
    { value: 'C1', literal: "'C1'" },
    { value: '', literal: "''" },
    { value: "it's", literal: "'it''s'" },
    { value: "''", literal: "''''''" },
    { value: "'; DROP TABLE coupon; --", literal: "'''; DROP TABLE coupon; --'" },
    { value: 0, literal: '0' },
    { value: -3.5, literal: '-3.5' },
    { value: true, literal: 'true' },
    { value: false, literal: 'false' },
    { value: 9_007_199_254_740_993n, literal: '9007199254740993' },
    { value: null, literal: 'NULL' },
    { value: undefined, literal: 'NULL' },
    { value: new Date(0), literal: "'1970-01-01T00:00:00.000Z'" },
    { value: { a: "it's" }, literal: `'{"a":"it''s"}'` },
    { value: [1, null], literal: "'[1,null]'" },
  ])('of $value is $literal', ({ value, literal }) => {
    expect(showLiteral(value)).toBe(literal)
  })

  test('of a text ends only at its own last quote', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("'", 'a', ' ') }), (text) => {
        const literal = showLiteral(text)
        expect(literal).toMatch(/^'(?:[^']|'')*'$/)
        expect(literal.slice(1, -1).replaceAll("''", "'")).toBe(text)
      }),
    )
  })
})

describe('renderStatement', () => {
  test('puts what stands for each parameter between the parts, by its index', () => {
    const insert = sql`INSERT INTO redemption VALUES (${1}, ${'x'}) RETURNING ${null}`
    expect(renderStatement(insert, (_, index) => `$${index + 1}`)).toBe(
      'INSERT INTO redemption VALUES ($1, $2) RETURNING $3',
    )
    expect(renderStatement(insert, (value) => JSON.stringify(value))).toBe(
      'INSERT INTO redemption VALUES (1, "x") RETURNING null',
    )
  })

  test('leaves a statement without parameters as it is, blanks and all', () => {
    expect(renderStatement(sql` COMMIT `, () => '?')).toBe(' COMMIT ')
    expect(renderStatement(statement([]), () => '?')).toBe('')
  })

  test('never lets a parameter into the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (params) => {
        const parts = ['SELECT ', ...params.map((_, index) => `, /* ${index} */`)]
        const text = renderStatement(statement(parts, params), () => '?')
        expect(text).toBe(parts.join('?'))
      }),
    )
  })
})

describe('showStatement', () => {
  test('is one line, with literals in the place of the parameters', () => {
    const update = sql`
      UPDATE product
      SET stock = ${2}, name = ${"O'Hara"}
        WHERE id = ${null}
    `
    expect(showStatement(update)).toBe(
      "UPDATE product SET stock = 2, name = 'O''Hara' WHERE id = NULL",
    )
  })

  test('does not mistake a parameter for a place of its own', () => {
    expect(showStatement(sql`SELECT ${'$1 ? ${x}'}, ${'$&'}`)).toBe("SELECT '$1 ? ${x}', '$&'")
  })
})
