import { describe, expect, test } from 'vitest'
import { UsageError } from '../errors.ts'
import { parseSpec } from './parse.ts'
import { countPermutations, permutationsOf } from './permutations.ts'

describe('a specification is read', () => {
  test('with all its parts', () => {
    expect(
      parseSpec(`
        # a comment { with } what "looks like" more
        setup { CREATE TABLE t (); } setup {
          SELECT 1; -- not a comment of ours # nor this
        }
        teardown {}
        session first
        setup { BEGIN; }
        step a { SELECT '"'; }
        step "b ""c""" { ROLLBACK; }
        teardown { SELECT 2; }
        session "second one" step d{
  SELECT 3;	}
        permutation a d("b ""c""", a notices 2) "b ""c"""(*)
        permutation d
      `),
    ).toEqual({
      setups: ['CREATE TABLE t ();', '\n          SELECT 1; -- not a comment of ours # nor this\n'],
      teardown: '',
      sessions: [
        {
          name: 'first',
          setup: 'BEGIN;',
          steps: [
            { name: 'a', sql: `SELECT '"';`, session: 0 },
            { name: 'b "c"', sql: 'ROLLBACK;', session: 0 },
          ],
          teardown: 'SELECT 2;',
        },
        {
          name: 'second one',
          setup: undefined,
          steps: [{ name: 'd', sql: '\n  SELECT 3;', session: 1 }],
          teardown: undefined,
        },
      ],
      permutations: [
        [
          { step: expect.objectContaining({ name: 'a' }), blockers: [] },
          {
            step: expect.objectContaining({ name: 'd' }),
            blockers: [
              { kind: 'step', step: expect.objectContaining({ name: 'b "c"' }) },
              { kind: 'notices', step: expect.objectContaining({ name: 'a' }), count: 2 },
            ],
          },
          { step: expect.objectContaining({ name: 'b "c"' }), blockers: [{ kind: 'once' }] },
        ],
        [{ step: expect.objectContaining({ name: 'd' }), blockers: [] }],
      ],
      warnings: [],
    })
  })

  test('and steps that no permutation has are named, in the order of their bytes', () => {
    const { warnings } = parseSpec(
      'session s step b {} step a {} step B {} step ä {} step c {} permutation c',
    )
    expect(warnings.join()).toBe(
      ['B', 'a', 'b', 'ä'].map((name) => `unused step name: ${name}`).join(),
    )
    expect(parseSpec('session s step a {}').warnings).toEqual([])
  })

  test.for([
    ['', 1, 'a session was expected, and not the end'],
    ['setup\n\n{', 3, 'the "{" has no "}" that ends it'],
    ['setup\nteardown', 2, 'the SQL of setup in braces was expected, and not "teardown"'],
    ['session s\n"a', 2, 'the quoted name is not closed on this line'],
    ['session s', 1, 'a step of session "s" was expected, and not the end'],
    ['session session', 1, 'the name of the session was expected, and not "session"'],
    ['session s step {}', 1, 'the name of the step was expected, and not a block of SQL'],
    ['session s step a {}\nstep a {}', 2, 'there is a step "a" already'],
    ['session s step a {}; ', 1, '";" was not expected'],
    ['session s step a {} # ok\n§', 2, 'a step, a session, a permutation or the end was expected'],
    ['session s step a {\n\n} permutation', 3, 'the name of a step was expected, and not the end'],
    [
      'session s step a {}\npermutation a b',
      2,
      'the permutation names step "b", which there is not',
    ],
    ['session s step a {}\npermutation a {}', 2, 'a permutation or the end was expected'],
    [
      'session s step a {}\npermutation a()',
      2,
      '"*" or the name of a step was expected, and not ")"',
    ],
    ['session s step a {}\npermutation a(*', 2, '"," or ")" was expected, and not the end'],
    [
      'session s step a {} step b {}\npermutation a(b)',
      2,
      'step "a" waits for step "b", which is not in its permutation',
    ],
    [
      'session s step a {} step b {}\npermutation a(b) b',
      2,
      'step "a" cannot wait for its own session',
    ],
    [
      'session s step a {} session t step b {}\npermutation a(b notices x) b',
      2,
      'a number of notices was expected, and not "x"',
    ],
  ] as const)('or refused with the line: %j', ([text, line, what]) => {
    expect(() => parseSpec(text)).toThrow(UsageError)
    expect(() => parseSpec(text)).toThrow(`The specification cannot be read: line ${line}: ${what}`)
  })
})

describe('all permutations', () => {
  const namesOf = (text: string): string[] =>
    [...permutationsOf(parseSpec(text))].map((permutation) =>
      permutation.map(({ step }) => step.name).join(''),
    )

  test("are those that keep each session's order, the first session's steps first", () => {
    const text = 'session s step a {} step b {} session t step c {} step d {}'
    expect(namesOf(text)).toEqual(['abcd', 'acbd', 'acdb', 'cabd', 'cadb', 'cdab'])
    expect(countPermutations(parseSpec(text))).toBe(6)
  })

  test('are not made before they are needed', () => {
    const steps = (letter: string) =>
      Array.from({ length: 30 }, (_, index) => `step ${letter}${index} {}`).join(' ')
    const spec = parseSpec(`session a ${steps('a')} session b ${steps('b')}`)
    expect(countPermutations(spec)).toBeCloseTo(1.18e17, -16)
    expect(permutationsOf(spec).next().value).toHaveLength(60)
  })

  test('are those that are written, where some are', () => {
    const text = 'session s step a {} step b {} permutation b a permutation a'
    expect(namesOf(text)).toEqual(['ba', 'a'])
    expect(countPermutations(parseSpec(text))).toBe(2)
  })
})
