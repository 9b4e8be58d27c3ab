import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { postgres } from '../databases/engines/postgres/index.ts'
import { withSpecDatabase } from '../databases/engines/postgres/spec-connections.ts'
import { findIsolationTester, runIsolationTester } from '../testing/isolation-tester.ts'
import { testServer, whyMissing } from '../testing/lane.ts'
import { isConfined } from './confinement.ts'
import { keepingOf } from './keeping.ts'
import { parseSpec } from './parse.ts'
import { runSpec, type SpecRunOptions } from './run.ts'

const own = {
  setup:
    'CREATE TABLE t (id INT PRIMARY KEY, v INT DEFAULT 0); INSERT INTO t VALUES (1, 10), (2, 20);',
  teardown: 'DROP TABLE t;',
  begin: 'BEGIN;',
  step: 'UPDATE t SET v = v + 1 WHERE id = 1;',
}

const specOf = (changes: Partial<typeof own> = {}) => {
  const { setup, teardown, begin, step } = { ...own, ...changes }
  return parseSpec(`
    setup { ${setup} }
    teardown { ${teardown} }
    session s setup { ${begin} } step a { ${step} } step b { COMMIT; }
    session u step c { SELECT * FROM t WHERE id > 0; } step d { SELECT count(*) FROM t; }`)
}

describe('a specification speaks of its own rows only', () => {
  test('if it does', () => {
    expect(isConfined(specOf())).toBe(true)
    expect(isConfined(specOf({ step: 'INSERT INTO t VALUES (3); UPDATE t SET v = 1' }))).toBe(true)
    expect(isConfined(specOf({ begin: 'BEGIN; SET LOCAL enable_seqscan = off;' }))).toBe(true)
  })

  test.for([
    { begin: 'BEGIN ISOLATION LEVEL SERIALIZABLE;' },
    { begin: 'SET enable_seqscan = off;' },
    { begin: "BEGIN; SET LOCAL lock_timeout = '1s';" },
    { step: 'SELECT pg_advisory_lock(1);' },
    { step: 'NOTIFY news;' },
    { step: 'CREATE TABLE u ();' },
    { step: 'SELECT 1 INTO u;' },
    { step: 'SELECT now();' },
    { step: 'SELECT ctid FROM t;' },
    { step: "SELECT nextval('s');" },
    { step: 'SELECT count(*) FROM information_schema.tables;' },
    { step: "SELECT 'a;b';" },
    { step: "SELECT 'a; SELECT ';" },
    { step: 'SELECT 1; -- SELECT 2;' },
    { step: "SELECT 't'::regclass;" },
    { step: 'SELECT current_user;' },
    { step: 'DO $$ BEGIN NULL; END $$;' },
    { setup: `CREATE TABLE IF NOT EXISTS t (id INT);` },
    { setup: `${own.setup} CREATE FUNCTION f() RETURNS INT LANGUAGE sql AS 'SELECT 1';` },
    { setup: `CREATE TEMP TABLE t (id INT);` },
    { teardown: 'TRUNCATE t;' },
  ])('and not if it may speak of more: %j', (changes) => {
    expect(isConfined(specOf(changes))).toBe(false)
  })
})

describe('tables can be kept', () => {
  test('where rows are few, and all that is in them is written', () => {
    expect(keepingOf(specOf())).toEqual({
      restore: 'DELETE FROM t;INSERT INTO t VALUES (1, 10), (2, 20)',
      permutations: 13,
    })
  })

  test.for([
    { begin: 'BEGIN ISOLATION LEVEL SERIALIZABLE;' },
    { step: 'INSERT INTO t SELECT id + 2 FROM t;' },
    { step: "UPDATE t SET v = length(repeat('x', 9));" },
    { step: "SELECT 'a' || 'b';" },
    { step: 'WITH x AS (SELECT 1) SELECT 1;' },
    { step: `INSERT INTO t VALUES ${Array.from({ length: 20 }, (_, id) => `(${id})`).join()};` },
    { setup: 'CREATE TABLE t (id SERIAL, v INT);' },
    { setup: 'CREATE TABLE t (id CHAR(2000), v INT);' },
    { setup: 'CREATE TABLE t (id INT); INSERT INTO t SELECT 1;' },
    { setup: 'CREATE TABLE t (id INT); CREATE INDEX i ON t (id);' },
    { setup: 'CREATE TABLE t (id INT); CREATE TABLE u (id INT);' },
    { teardown: 'DROP TABLE t; DELETE FROM t;' },
  ])('and not where that is not sure: %j', (changes) => {
    expect(keepingOf(specOf(changes))).toBeUndefined()
  })
})

const key = fc.integer({ min: 1, max: 4 })
const where = fc.oneof(
  fc.constant(''),
  key.map((id) => ` WHERE id = ${id}`),
  key.map((id) => ` WHERE id > ${id}`),
)
const table = fc.constantFrom('t', 'u')
const statementArbitrary = fc.oneof(
  fc.tuple(table, where).map(([name, rows]) => `SELECT * FROM ${name}${rows}`),
  fc.tuple(table, where).map(([name, rows]) => `UPDATE ${name} SET v = v + 1${rows}`),
  fc.tuple(table, where).map(([name, rows]) => `DELETE FROM ${name}${rows} RETURNING *`),
  fc.tuple(table, key).map(([name, id]) => `INSERT INTO ${name} VALUES (${id}, 0)`),
  key.map((id) => `INSERT INTO t VALUES (${id}, 7) ON CONFLICT (id) DO UPDATE SET v = t.v + 100`),
  fc.constant('SELECT * FROM t JOIN u USING (id)'),
  fc.constant('UPDATE u SET v = (SELECT count(*) FROM t) RETURNING *'),
)
const endArbitrary = fc.constantFrom('COMMIT', 'ROLLBACK')

/** Two sessions, of which the first one is in a transaction and the second is not: nobody deadlocks. */
const specArbitrary = fc
  .tuple(
    fc.array(statementArbitrary, { maxLength: 3 }),
    endArbitrary,
    fc.array(statementArbitrary, { maxLength: 2 }),
  )
  .map(([inside, end, alone]) => {
    const first = [
      'BEGIN',
      'UPDATE t SET v = v + 1 WHERE id = 1',
      ...inside,
      end,
      'SELECT * FROM u',
    ].map((sql, index) => `step a${index} { ${sql}; }`)
    const second = ['UPDATE t SET v = v * 2 WHERE id < 3', ...alone].map(
      (sql, index) => `step b${index} { ${sql}; }`,
    )
    const a = first.map((_text, index) => `a${index}`)
    const b = second.map((_text, index) => `b${index}`)
    // What the second session does behind its first step comes last: should it wait, it is released before.
    const permutations = Array.from(
      { length: a.length + 1 },
      (_text, before) =>
        `permutation ${[...a.slice(0, before), 'b0', ...a.slice(before), ...b.slice(1)].join(' ')}`,
    )
    return `
      setup {
        CREATE TABLE t (id INT PRIMARY KEY, v INT);
        CREATE TABLE u (id INT, v INT);
        INSERT INTO t VALUES (1, 1), (2, 2);
        INSERT INTO u VALUES (2, 20), (1, 10), (2, 21);
      }
      teardown { DROP TABLE t, u; }
      session s ${first.join('\n')}
      session w ${second.join('\n')}
      ${[...permutations, ...permutations, ...permutations].join('\n')}`
  })

const tool = findIsolationTester()

async function transcriptOf(text: string, options: Partial<SpecRunOptions>): Promise<string> {
  let printed = ''
  const write = (_stream: string, piece: string): void => {
    printed += piece
  }
  await runSpec({ server: testServer(), spec: parseSpec(text), name: 'test', write, ...options })
  return printed
}

test.skipIf(whyMissing(postgres))(
  'side by side and on tables that are kept, permutations print what they print alone',
  { timeout: 60_000 },
  async () => {
    let kept = 0
    await fc.assert(
      fc.asyncProperty(specArbitrary, async (text) => {
        if (keepingOf(parseSpec(text))) kept += 1
        const alone = await transcriptOf(text, { lanes: 1, remake: true })
        if (tool !== undefined) {
          const expected = await withSpecDatabase(testServer(), (url) =>
            runIsolationTester(tool, url, 'test', text),
          )
          expect(alone).toBe(expected)
        }
        expect(alone).toContain(' <waiting ...>\n')
        expect(await transcriptOf(text, { lanes: 1 })).toBe(alone)
        expect(await transcriptOf(text, { lanes: 3, remake: true })).toBe(alone)
        expect(await transcriptOf(text, { lanes: 3 })).toBe(alone)
      }),
      { numRuns: 4, seed: Number(process.env['LOCKSTEP_SEED']) },
    )
    expect(kept).toBeGreaterThan(0)
  },
)

describe.skipIf(whyMissing(postgres))('permutations', () => {
  test('find rows in the order of the setup, however many were deleted before', async () => {
    const long = (letter: string): string => `'${letter.repeat(40)}'`
    const text = `
      setup {
        CREATE TABLE t (id INT, v INT, filler TEXT);
        INSERT INTO t VALUES (1, 0, ${long('a')}), (2, 0, ${long('b')}), (3, 0, ${long('c')});
      }
      teardown { DROP TABLE t; }
      session s step change { UPDATE t SET v = v + 1 WHERE id = 2; } step look { SELECT id, v FROM t; }
      session u step add { INSERT INTO t VALUES (4, 0, ${long('d')}); }
      ${'permutation change look add look\n'.repeat(40)}`
    expect(keepingOf(parseSpec(text))?.permutations).toBe(3)
    const alone = await transcriptOf(text, { lanes: 1, remake: true })
    expect(await transcriptOf(text, { lanes: 1 })).toBe(alone)
  })

  const failing = `
    setup { CREATE TABLE t (id INT); }
    teardown { DROP TABLE t; }
    session s step a { INSERT INTO t VALUES (1); }
    session u step b { SELECT * FROM t; }
    ${'permutation a b\n'.repeat(40)}
    permutation a(*, b) b(a)
    ${'permutation b a\n'.repeat(40)}`

  test('are written up to the first that cannot go on', async () => {
    const alone = await transcriptOf(failing, { lanes: 1, remake: true })
    expect(alone).toMatch(/step a: <... completed>|failed to complete permutation/)
    expect(alone.match(/starting permutation/g)).toHaveLength(41)
    expect(await transcriptOf(failing, { lanes: 4 })).toBe(alone)
  })

  test('end where the teardown waits for a session that is left in a transaction', async () => {
    let complaints = ''
    const { permutations, ended } = await runSpec({
      server: testServer(),
      spec: parseSpec(`
        setup { CREATE TABLE t (id INT); }
        teardown { DROP TABLE t; }
        session s step begin { BEGIN; } step look { SELECT * FROM t; } step end { COMMIT; }
        ${'permutation begin look end\n'.repeat(3)}
        permutation begin look`),
      name: 'test',
      stepLimitMs: 200,
      write: (stream, text) => {
        if (stream === 'err') complaints += text
      },
    })
    expect(permutations).toBe(3)
    expect(ended).toEqual({ reason: 'teardown timed out after 0 seconds' })
    expect(complaints).toBe('teardown timed out after 0 seconds\n')
  })

  test('stop when they are interrupted, side by side too', async () => {
    const interruption = new AbortController()
    const text = failing.replace('permutation a(*, b) b(a)', '')
    let done = 0
    const report = await runSpec({
      server: testServer(),
      spec: parseSpec(text),
      name: 'test',
      lanes: 4,
      signal: interruption.signal,
      write: () => {},
      onPermutation: () => {
        done += 1
        if (done === 20) interruption.abort()
      },
    })
    expect(report).toMatchObject({ permutations: 20, ended: 'interrupted' })
  })
})
