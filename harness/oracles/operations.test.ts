import { describe, expect, test } from 'vitest'
import { engineNames, type EngineName } from '../databases/engine-name.ts'
import { statement, type SqlValue } from '../databases/statement.ts'
import { effectOf, type Operation } from './operations.ts'

const sql = (parts: TemplateStringsArray, ...params: SqlValue[]) => statement(parts, params)

const columns = (of: ReadonlySet<string> | 'all'): string =>
  of === 'all' ? 'all' : [...of].toSorted().join('+')

/** `exact read t(a 1) of a+b`, and what is special about it. */
function shown(operation: Operation): string {
  const { action, table, where, isExact, isVague, reads, writes, locks } = operation
  const values = Object.entries(where).map(([column, value]) => `${column} ${String(value)}`)
  const flags = [
    ...(isVague ? ['vague'] : []),
    ...(isExact ? ['exact'] : []),
    ...(action === 'read' && locks ? ['locking'] : []),
  ]
  const effects = [
    ...(columns(reads) === '' ? [] : [`of ${columns(reads)}`]),
    ...(columns(writes) === '' || columns(writes) === 'all' ? [] : [`sets ${columns(writes)}`]),
    ...(operation.returnsThem ? ['returned'] : []),
    ...(operation.skipsLocked ? ['skipping'] : []),
  ]
  return [...flags, action, `${table}(${values.join(', ')})`, ...effects].join(' ')
}

function effectIn(engine: EngineName, of: ReturnType<typeof sql>): string {
  const effect = effectOf(of, engine)
  return effect.kind === 'operations' ? effect.operations.map(shown).join('; ') : effect.kind
}

describe('on every engine, a statement', () => {
  test.each([
    [sql`BEGIN`, 'begin'],
    [sql`COMMIT`, 'commit'],
    [sql`ROLLBACK`, 'rollback'],
    [sql`CALL something()`, 'unknown'],
    [sql`SELECT 1`, ''],
    [sql`SELECT b FROM t WHERE a = ${1}`, 'exact read t(a 1) of a+b returned'],
    [sql`SELECT * FROM t WHERE a = ${1}`, 'exact read t(a 1) of all returned'],
    [sql`SELECT b FROM t`, 'exact read t() of b returned'],
    [sql`SELECT b FROM t WHERE a = ${1} AND c`, 'read t(a 1) of a+b+c returned'],
    [sql`SELECT b FROM t WHERE a = ${1} LIMIT ${2}`, 'read t(a 1) of a+b returned'],
    [sql`SELECT b FROM t WHERE a = ${1} OR c = ${2}`, 'read t() of a+b+c returned'],
    [sql`SELECT count(*) AS n FROM t WHERE a = ${1}`, 'exact read t(a 1) of a'],
    [sql`SELECT DISTINCT b FROM t WHERE a = ${1}`, 'exact read t(a 1) of a+b'],
    [sql`SELECT b FROM t WHERE a = ${1} GROUP BY b`, 'exact read t(a 1) of a+b'],
    [sql`SELECT b FROM t WHERE a = ${1} FOR UPDATE`, 'exact locking read t(a 1) of a+b returned'],
    [
      sql`SELECT b FROM t WHERE a = ${1} FOR UPDATE SKIP LOCKED`,
      'exact locking read t(a 1) of a+b skipping',
    ],
    [sql`UPDATE t SET b = ${2} WHERE a = ${1}`, 'exact update t(a 1) of a sets b'],
    [sql`UPDATE t SET b = b - ${2} WHERE a = ${1}`, 'exact update t(a 1) of a+b sets b'],
    [sql`UPDATE t SET b = ${2} WHERE a = ${1} AND b >= ${2}`, 'update t(a 1) of a+b sets b'],
    [sql`DELETE FROM t WHERE a = ${1}`, 'exact delete t(a 1) of a'],
    [sql`INSERT INTO t (a, b) VALUES (${1}, ${2})`, 'exact insert t(a 1, b 2)'],
    [sql`INSERT INTO t (a) VALUES (${1}), (${2})`, 'vague insert t()'],
  ])('%j', (of, expected) => {
    for (const engine of engineNames) expect(effectIn(engine, of)).toBe(expected)
  })
})

describe('where engines differ, a statement', () => {
  const unless = 'vague locking read t() of all; exact insert t(a 1)'
  const upsert = 'vague locking read t() of all; vague insert t(); vague update t()'
  test.each([
    ['postgres', sql`INSERT INTO t (a) VALUES (${1}) ON CONFLICT DO NOTHING`, unless],
    ['mysql', sql`INSERT IGNORE INTO t (a) VALUES (${1})`, unless],
    ['mariadb', sql`INSERT IGNORE INTO t (a) VALUES (${1})`, unless],
    ['postgres', sql`INSERT INTO t (a) VALUES (${1}) ON CONFLICT (a) DO UPDATE SET b = 1`, upsert],
    ['mysql', sql`INSERT INTO t (a) VALUES (${1}) ON DUPLICATE KEY UPDATE b = 1`, upsert],
    ['mysql', sql`REPLACE INTO t (a) VALUES (${1})`, upsert],
    ['postgres', sql`SELECT pg_advisory_xact_lock(${1})`, ''],
    ['mysql', sql`SELECT GET_LOCK('a', 10)`, ''],
    [
      'postgres',
      sql`INSERT INTO t (a) SELECT a FROM u`,
      'vague locking read t() of all; vague insert t(); vague read u() of all',
    ],
  ] as const)('%s: %j', (engine, of, expected) => {
    expect(effectIn(engine, of).split('; ').toSorted()).toEqual(expected.split('; ').toSorted())
  })
})
