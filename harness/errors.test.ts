import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DatabaseFault,
  describeThrown,
  Fault,
  HarnessFault,
  ReplayDivergence,
  StrategyFault,
  UsageError,
  whereThrown,
} from './errors.ts'

describe('describeThrown', () => {
  const circular: { self?: unknown } = {}
  circular.self = circular

  test.each([
    { thrown: new Error('no stock'), text: 'Error: no stock' },
    { thrown: new TypeError('x is not a function'), text: 'TypeError: x is not a function' },
    { thrown: new HarnessFault('too long'), text: 'HarnessFault: too long' },
    { thrown: new Error('two\n  lines '), text: 'Error: two lines' },
    { thrown: 'no "stock"', text: String.raw`the string "no \"stock\""` },
    { thrown: '', text: 'the string ""' },
    { thrown: 'two\nlines', text: String.raw`the string "two\nlines"` },
    { thrown: 42, text: 'the value 42' },
    { thrown: null, text: 'the value null' },
    { thrown: undefined, text: 'the value undefined' },
    { thrown: { kind: 'done' }, text: 'the value {"kind":"done"}' },
    { thrown: [1, 'two'], text: 'the value [1,"two"]' },
    { thrown: Symbol('stock'), text: 'the value Symbol(stock)' },
    { thrown: circular, text: 'a value that cannot be shown' },
    { thrown: 1n, text: 'a value that cannot be shown' },
  ])('says "$text"', ({ thrown, text }) => {
    expect(describeThrown(thrown)).toBe(text)
  })

  test('has words for whatever is thrown', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (thrown) => {
        expect(describeThrown(thrown)).toMatch(/^(the (value|string) |a value that cannot)/)
      }),
    )
  })
})

describe('whereThrown', () => {
  /** An error with a stack like those of Node.js. */
  const thrownAt = (...lines: readonly string[]): Error => {
    const error = new Error('x')
    error.stack = lines.join('\n')
    return error
  }
  const here = process.cwd()

  test('names the file and the line of an error, from where the command runs', () => {
    expect(whereThrown(new Error('x'))).toMatch(/^ \(harness\/errors\.test\.ts:\d+\)$/)
  })

  test.each([
    {
      name: 'a function',
      stack: ['Error: x', `    at execute (${here}/my.ts:12:5)`],
      where: ' (my.ts:12)',
    },
    {
      name: 'a module by its URL',
      stack: ['Error: x', `    at file://${here}/a%20b/my.ts:3:1`],
      where: ' (a b/my.ts:3)',
    },
    {
      name: 'a syntax error, whose place comes first',
      stack: [`file://${here}/my.ts:7`, 'let', '', 'SyntaxError: x', '    at node:vm:1:1'],
      where: ' (my.ts:7)',
    },
    {
      name: 'the first frame that is ours',
      stack: [
        'Error: x',
        '    at node:internal/process:1:1',
        `    at query (${here}/node_modules/pg/lib/client.js:4:4)`,
        `    at Object.execute (${here}/my.ts:9:9)`,
        `    at run (${here}/other.ts:1:1)`,
      ],
      where: ' (my.ts:9)',
    },
    {
      name: 'a file elsewhere, whole',
      stack: ['    at /elsewhere/my.ts:1:2'],
      where: ' (/elsewhere/my.ts:1)',
    },
    { name: 'no file of ours', stack: ['Error: x', '    at node:vm:1:1'], where: '' },
    { name: 'no stack', stack: [], where: '' },
  ])('of $name is "$where"', ({ stack, where }) => {
    expect(whereThrown(thrownAt(...stack))).toBe(where)
  })

  test('of what is no error is nothing', () => {
    expect([whereThrown('x'), whereThrown(undefined), whereThrown({ stack: 'x' })]).toEqual([
      '',
      '',
      '',
    ])
  })
})

describe('the faults', () => {
  test.each([
    { fault: new HarnessFault('m'), kind: 'harness', name: 'HarnessFault' },
    { fault: new ReplayDivergence('m', 1), kind: 'harness', name: 'HarnessFault' },
    { fault: new StrategyFault('m'), kind: 'strategy', name: 'StrategyFault' },
    { fault: new DatabaseFault('m'), kind: 'database', name: 'DatabaseFault' },
  ])('$name says whose it is: $kind', ({ fault, kind, name }) => {
    expect(fault).toBeInstanceOf(Fault)
    expect({ kind: fault.kind, name: fault.name, message: fault.message }).toEqual({
      kind,
      name,
      message: 'm',
    })
  })

  test('a wrong call is none of them', () => {
    expect(new UsageError('m')).not.toBeInstanceOf(Fault)
  })
})
