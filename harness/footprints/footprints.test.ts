import { readFileSync, globSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { beginStatements } from '../databases/begin.ts'
import { engineNames, type EngineName } from '../databases/engine-name.ts'
import { isolationLevels } from '../databases/isolation.ts'
import { statement, type SqlValue } from '../databases/statement.ts'
import { isTangled, tablesIn, uniqueColumns } from './schema.ts'
import { conflicts, mayMeet, type Footprint } from './footprint.ts'
import { footprintOf, footprintOfStep, mayConflict } from './footprint-of.ts'

const sql = (parts: TemplateStringsArray, ...params: SqlValue[]) => statement(parts, params)

const on = (engine: EngineName, text: string): Footprint => footprintOf(statement([text]), engine)

/** `product read`, `user lock 1 lock`; or the kind, where it has no accesses. */
function shown(footprint: Footprint): string {
  if (footprint.kind !== 'accesses') return footprint.kind
  return footprint.accesses
    .map(({ object, name, mode }) =>
      object === 'table' ? `${name} ${mode}` : `${object} ${name ?? 'any'} ${mode}`,
    )
    .toSorted()
    .join(', ')
}

describe('on every engine', () => {
  test.each([
    ['BEGIN', 'local'],
    ['begin;', 'local'],
    ['START TRANSACTION', 'local'],
    ['SAVEPOINT a', 'local'],
    ['RELEASE SAVEPOINT a', 'local'],
    ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'local'],
    ['COMMIT', 'commit'],
    ['END', 'commit'],
    ['ROLLBACK', 'rollback'],
    ['ROLLBACK TO SAVEPOINT a', 'rollback'],
    ['START TRANSACTION WITH CONSISTENT SNAPSHOT', 'everything'],
    ['COMMIT AND CHAIN', 'everything'],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE', 'local'],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY', 'everything'],
    ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY', 'everything'],
    ['SELECT a FROM t /*! FOR UPDATE */', 'everything'],
    ['SELECT a FROM t /*M! FOR UPDATE */', 'everything'],
    ["SET TRANSACTION SNAPSHOT 'x'", 'everything'],
    ['SET lock_timeout = 1', 'everything'],
    ['SELECT 1', ''],
    ['SELECT stock FROM Product', 'product read'],
    ['SELECT stock FROM shop.product', 'product read'],
    [
      'SELECT a FROM t WHERE b IN (SELECT c FROM u) ORDER BY (SELECT d FROM v)',
      't read, u read, v read',
    ],
    ['SELECT a FROM t UNION SELECT b FROM u', 't read, u read'],
    ['SELECT count(*) FROM t JOIN u ON t.id = u.id', 't read, u read'],
    ['SELECT a FROM t FOR UPDATE', 't lock'],
    ['SELECT a FROM t\n  FOR UPDATE NOWAIT', 't lock'],
    ['SELECT a FROM t ORDER BY a LIMIT 1 FOR UPDATE SKIP LOCKED', 't lock'],
    ['SELECT a FROM t FOR SHARE', 't lock'],
    ['SELECT a FROM t JOIN u ON t.id = u.id FOR UPDATE OF t', 't lock, u lock'],
    ['SELECT a FROM t LOCK IN SHARE MODE', 't lock'],
    ["SELECT 'x' AS text FROM t", 't read'],
    ['UPDATE t SET a = a + 1 WHERE id = 1', 't write'],
    ['DELETE FROM t WHERE id = 1', 't write'],
    ['INSERT INTO t (a) VALUES (1)', 't write'],
    ['SELECT a FROM t; DELETE FROM t', 'everything'],
    ['SELECT surprise(1)', 'everything'],
    ['SELECT now()', 'everything'],
    ['SELECT a FROM ONLY t', 'everything'],
    ['TRUNCATE t', 'everything'],
    ['DROP TABLE t', 'everything'],
    ['CREATE TABLE t (a INT)', 'everything'],
    ['ALTER TABLE t ADD COLUMN b INT', 'everything'],
    ['LOCK TABLE t IN EXCLUSIVE MODE', 'everything'],
    ['LOCK TABLES t WRITE', 'everything'],
    ['UNLOCK TABLES', 'everything'],
    ['CALL something()', 'everything'],
    ['this is no SQL', 'everything'],
    ['', 'everything'],
  ])('%j: %s', (text, expected) => {
    for (const engine of engineNames)
      expect(`${engine}: ${shown(on(engine, text))}`).toBe(`${engine}: ${expected}`)
  })

  test('every way to begin a transaction is local', () => {
    for (const engine of engineNames) {
      for (const isolation of [undefined, ...isolationLevels]) {
        for (const each of beginStatements(engine, isolation)) {
          expect(footprintOf(each, engine)).toEqual({ kind: 'local' })
        }
      }
    }
  })
})

describe('where engines differ', () => {
  const insertSelect = 'INSERT INTO t (a) SELECT a FROM u WHERE NOT EXISTS (SELECT 1 FROM v)'
  test.each<readonly [EngineName, string, string]>([
    ['postgres', insertSelect, 't write, u read, v read'],
    ['mysql', insertSelect, 't write, u lock, v lock'],
    ['mariadb', insertSelect, 't write, u lock, v lock'],
    ['postgres', 'UPDATE t SET a = u.a FROM u WHERE t.id = u.id', 't write, u write'],
    ['mysql', 'UPDATE t SET a = (SELECT max(b) FROM u)', 't write, u lock'],
    ['mysql', 'DELETE t, u FROM t JOIN u ON t.id = u.id', 't write, u write'],
    ['mariadb', 'DELETE t, u FROM t JOIN u ON t.id = u.id', 't write, u write'],
    ['mysql', 'UPDATE t JOIN u ON t.id = u.id SET owner = 1', 't write, u write'],
    ['mysql', 'SELECT @@global.read_only', 'everything'],
    ['mysql', 'SELECT @mine', ''],
    ['postgres', 'INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING', 't write'],
    ['mysql', 'INSERT IGNORE INTO t (a) VALUES (1)', 't write'],
    ['mysql', 'REPLACE INTO t (a) VALUES (1)', 't write'],
    [
      'mysql',
      'INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = (SELECT b FROM u)',
      't write, u lock',
    ],
    [
      'postgres',
      'WITH x AS (SELECT id FROM u) UPDATE t SET a = 1 WHERE id IN (SELECT id FROM x)',
      't write, u read, x read',
    ],
    ['postgres', 'SELECT a INTO u FROM t', 'everything'],
    ['postgres', 'SELECT pg_advisory_xact_lock(7)', 'user lock 7 lock'],
    ['postgres', 'SELECT pg_advisory_lock(7, 8)', 'user lock 7,8 lock'],
    ['postgres', "SELECT pg_advisory_lock(hashtext('C1'))", 'user lock any lock'],
    ['mysql', "SELECT GET_LOCK('a', 10)", 'user lock any lock'],
    ['mysql', 'SELECT GET_LOCK(7, 10)', 'user lock 7 lock'], // for 10 s at most
    ['mariadb', 'SELECT RELEASE_LOCK(7)', 'user lock 7 lock'],
    ['mysql', "SELECT RELEASE_LOCK('a')", 'user lock any lock'],
    ['mysql', 'SELECT LAST_INSERT_ID()', ''],
    ['postgres', "SELECT nextval('numbers')", 'sequence numbers write'],
    ['postgres', 'SELECT lastval()', 'sequence any write'],
  ])('%s: %s', (engine, text, expected) => {
    expect(shown(on(engine, text))).toBe(expected)
  })
})

describe('rows', () => {
  const rowsOf = (engine: EngineName, of: ReturnType<typeof sql>) => {
    const footprint = footprintOf(of, engine)
    return footprint.kind === 'accesses' ? footprint.accesses.map(({ rows }) => rows) : footprint
  }

  test.each([
    [sql`SELECT a FROM t WHERE id = ${1}`, { id: 1 }],
    [sql`SELECT a FROM t WHERE ${'x'} = Code AND active`, { code: 'x' }],
    [sql`SELECT a FROM t WHERE id = 2 AND b = ${3} AND c > ${4} LIMIT ${1}`, { id: 2, b: 3 }],
    [sql`SELECT a FROM t WHERE id = ${1} FOR UPDATE`, { id: 1 }],
    [sql`SELECT a FROM t WHERE id = ${1} OR b = ${2}`, undefined],
    [sql`SELECT a FROM t WHERE NOT id = ${1}`, undefined],
    [sql`SELECT a FROM t WHERE id = ${1} AND b IN (SELECT b FROM t)`, undefined],
    [sql`SELECT x.a FROM t x, t y WHERE x.id = ${1} AND y.id = ${2}`, undefined],
    [sql`SELECT x.a FROM t x JOIN t y ON x.b = y.b WHERE x.id = ${1}`, undefined],
    [sql`UPDATE t SET a = ${5} WHERE id = ${1} AND a = ${4}`, { id: 1 }],
    [sql`UPDATE t SET id = ${5} WHERE id = ${1}`, undefined],
    [sql`DELETE FROM t WHERE id = ${1}`, { id: 1 }],
    [sql`INSERT INTO t (id, b) VALUES (${1}, ${'x'})`, { id: 1, b: 'x' }],
    [sql`INSERT INTO t (id, b) VALUES (${1}, 1 + 1)`, { id: 1 }],
    [sql`INSERT INTO t (id) VALUES (${1}), (${2})`, undefined],
  ])('%j', (of, expected) => {
    for (const engine of engineNames) expect(rowsOf(engine, of)).toEqual([expected])
  })

  test('the columns that are set are named, where they are known', () => {
    const columnsOf = (text: string) =>
      engineNames.map((engine) => {
        const footprint = on(engine, text)
        return footprint.kind === 'accesses' ? footprint.accesses[0]?.columns : footprint
      })
    const three = <T>(value: T): T[] => [value, value, value]
    expect(columnsOf('UPDATE t SET A = 1, b = b + 1')).toEqual(three(['a', 'b']))
    expect(columnsOf('DELETE FROM t')).toEqual(three([]))
    expect(columnsOf('INSERT INTO t (a) VALUES (1)')).toEqual(three(undefined))
  })

  test('of what another row may be changed for are not known', () => {
    expect(
      rowsOf(
        'postgres',
        sql`INSERT INTO t (id) VALUES (${1}) ON CONFLICT (id) DO UPDATE SET b = 1`,
      ),
    ).toEqual([undefined])
    expect(
      rowsOf('mysql', sql`INSERT INTO t (id) VALUES (${1}) ON DUPLICATE KEY UPDATE b = 1`),
    ).toEqual([undefined])
  })

  test('with other parameters are others, although the template is the same', () => {
    const find = (id: number) => rowsOf('mysql', sql`SELECT a FROM t WHERE id = ${id}`)
    expect([find(1), find(2)]).toEqual([[{ id: 1 }], [{ id: 2 }]])
  })

  test.each<readonly [SqlValue, SqlValue, boolean]>([
    [1, 2, false],
    [1, 1, true],
    [1, '1', true],
    [1, true, true],
    [1.4, 1, true], // where it is rounded
    [2 ** 24, 2 ** 24 + 1, true], // in a REAL
    [-1, 1, false],
    ['C1', 'C2', false],
    ['C1', 'c1', true],
    ['C1', 'C1 ', true],
    ['1', '01', true], // where they are numbers
    ['t', 'y', true], // where they are true or false
    ['yes', 'tru', true],
    ['a-b', 'ab-', true], // where hyphens do not count
    ['é', 'e', true],
  ])('with %j and with %j in one column may be the same: %s', (one, other, expected) => {
    const access = (value: SqlValue) =>
      ({ object: 'table', name: 't', mode: 'write', rows: { id: value } }) as const
    expect(mayMeet(access(one), access(other))).toBe(expected)
  })

  test('with values in different columns may be the same', () => {
    const access = { object: 'table', name: 't', mode: 'write' } as const
    expect(mayMeet({ ...access, rows: { id: 1 } }, { ...access, rows: { code: 'x' } })).toBe(true)
    expect(mayMeet({ ...access, rows: { id: 1 } }, access)).toBe(true)
    expect(mayMeet(access, { ...access, name: 'u' })).toBe(false)
  })
})

describe('conflicts', () => {
  const texts = {
    local: 'BEGIN',
    read: 'SELECT a FROM t WHERE id = 1',
    lock: 'SELECT a FROM t WHERE id = 2 FOR UPDATE',
    write: 'UPDATE t SET a = 1 WHERE id = 3',
    otherWrite: 'UPDATE u SET a = 1',
    commit: 'COMMIT',
    unknown: 'VACUUM',
  }
  type Name = keyof typeof texts
  const names = Object.keys(texts) as Name[]
  const expected: Readonly<Record<Name, readonly Name[]>> = {
    local: [],
    read: ['lock', 'write', 'commit', 'unknown'],
    lock: ['read', 'lock', 'write', 'commit', 'unknown'],
    write: ['read', 'lock', 'write', 'commit', 'unknown'],
    otherWrite: ['otherWrite', 'commit', 'unknown'],
    commit: ['read', 'lock', 'write', 'otherWrite', 'commit', 'unknown'],
    unknown: ['read', 'lock', 'write', 'otherWrite', 'commit', 'unknown'],
  }

  test.each(names)('of %s', (name) => {
    const step = (of: Name) => ({ kind: 'statement', statement: statement([texts[of]]) }) as const
    for (const engine of engineNames) {
      const found = names.filter((other) => mayConflict(step(name), step(other), engine))
      expect(found.toSorted()).toEqual(expected[name].toSorted())
    }
  })

  test('of a lock named by a number are those of the same number, and of any other', () => {
    const lock = (text: string) => on('postgres', `SELECT pg_advisory_lock(${text})`)
    expect(conflicts(lock('1'), lock('2'))).toBe(false)
    expect(conflicts(lock('1'), lock('1'))).toBe(true)
    expect(conflicts(lock('1'), lock("hashtext('x')"))).toBe(true)
    expect(conflicts(lock('1'), on('postgres', 'SELECT a FROM t FOR UPDATE'))).toBe(false)
  })

  test('of a sleep are none, and of a kind of step that is not known are all', () => {
    expect(footprintOfStep({ kind: 'sleep', ms: 1 }, 'mysql')).toEqual({ kind: 'local' })
    expect(footprintOfStep({ kind: 'new' } as never, 'mysql')).toEqual({ kind: 'everything' })
  })
})

describe('a schema', () => {
  test.each([
    ['CREATE TABLE product (id INT PRIMARY KEY, stock INT NOT NULL)', false],
    ['CREATE UNIQUE INDEX redemption_once ON redemption (coupon_id, user_id)', false],
    ['ALTER TABLE product ADD CONSTRAINT stock_not_negative CHECK (stock >= 0)', false],
    ['ALTER TABLE purchase ADD FOREIGN KEY (product_id) REFERENCES product (id)', true],
    ['CREATE VIEW sold AS SELECT * FROM purchase', true],
    ['CREATE TRIGGER log AFTER INSERT ON purchase FOR EACH ROW CALL log()', true],
    ['CREATE RULE r AS ON INSERT TO a DO ALSO DELETE FROM b', true],
    ["CREATE FUNCTION f() RETURNS INT LANGUAGE sql AS 'SELECT 1'", true],
    ['CREATE TABLE a () INHERITS (b)', true],
    ['CREATE TABLE a (b TEXT COLLATE "de-x-icu")', true],
    ['CREATE TABLE a PARTITION OF b DEFAULT', true],
    ['ALTER TABLE a INHERIT b', true],
    ['CREATE TABLE a (b INT); CREATE VIEW c AS SELECT * FROM a', true],
    ["CREATE TABLE a (b INT DEFAULT (nextval('numbers')))", true],
    ['CREATE TABLE a (b INT DEFAULT (NEXT VALUE FOR numbers))', true],
    ['CREATE TABLE a (b INT) ENGINE = InnoDB', false],
    ['CREATE TABLE a (b INT) ENGINE=MyISAM', true],
    ["CREATE TABLE a (b INT) ENGINE = 'memory'", true],
  ])('with %j is tangled: %s', (text, expected) => {
    expect(isTangled(['CREATE TABLE t (a INT)', text])).toBe(expected)
  })

  test.each([
    ['CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, b TEXT UNIQUE)', ['id', 'b'], ['a']],
    ['CREATE TABLE t (a INT, b INT, c INT, UNIQUE (a, b))', ['a', 'b'], ['c']],
    ['CREATE TABLE t (a INT, b INT, c INT, PRIMARY KEY (a, b))', ['a', 'b'], ['c']],
    ["CREATE TABLE t (a NUMERIC(4, 2) UNIQUE, b TEXT DEFAULT ')', c INT)", ['a'], ['b', 'c']],
    ['ALTER TABLE t ADD UNIQUE (a, b)', ['a', 'b'], []],
    ['CREATE UNIQUE INDEX i ON t (a, lower(b))', ['a', 'b'], []],
    ['ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)', ['a'], []],
    ['ALTER TABLE t ADD EXCLUDE USING gist (a WITH &&)', ['a'], []],
    ['CREATE INDEX i ON t (a)', [], ['a']],
    ['ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)', [], ['a']],
  ])('%s: unique may be %j, and not %j', (text, may, not) => {
    const found = uniqueColumns([text])
    expect(may.filter((each) => !found.has(each))).toEqual([])
    expect(not.filter((each) => found.has(each))).toEqual([])
  })
})

test('the tables of a schema are those that it makes', () => {
  const schema = [
    'CREATE TABLE Product (id INT); CREATE TABLE IF NOT EXISTS shop."purchase" (id INT)',
    'create table `t` (a INT)',
    'CREATE INDEX i ON u (a)',
  ]
  expect([...tablesIn(schema)]).toEqual(['product', 'purchase', 't'])
})

describe('statements of the strategies and workloads', () => {
  const files = globSync(['strategies/**/*.ts', 'harness/workloads/*.ts'])
    .filter((file) => !file.endsWith('.test.ts'))
    .toSorted()
  const texts = new Set(
    files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/sql(?:<[^`]*>)?`([^`]*)`/g)].map(
        ([, text = '']) => text,
      ),
    ),
  )
  const unknownOn = (engine: EngineName): string[] =>
    [...texts]
      .filter((text) => {
        const parts = text.split(/\$\{[^}]*\}/)
        return footprintOf(statement(parts, parts.slice(1).fill('1')), engine).kind === 'everything'
      })
      .map((text) => text.replaceAll(/\s+/g, ' ').trim())

  test('are found', () => {
    expect(texts.size).toBeGreaterThan(40)
  })

  // Each of these is written for another engine.
  const ignores =
    'INSERT IGNORE INTO redemption (coupon_id, user_id) VALUES (${couponId}, ${userId})'
  const upserts = `INSERT INTO redemption (coupon_id, user_id) VALUES (\${couponId}, \${userId}) ON DUPLICATE KEY UPDATE times = times + 1`
  const conflictNothing =
    'INSERT INTO redemption (coupon_id, user_id) VALUES (${couponId}, ${userId}) ON CONFLICT DO NOTHING'
  const conflictUpdate = `INSERT INTO redemption (coupon_id, user_id) VALUES (\${couponId}, \${userId}) ON CONFLICT (coupon_id, user_id) DO UPDATE SET times = redemption.times + 1 RETURNING times`
  const returning = ['purchase', 'reservation'].map(
    (table) =>
      `INSERT INTO ${table} (user_id, product_id, quantity) VALUES (\${userId}, \${productId}, \${quantity}) RETURNING id`,
  )
  test.each([
    ['postgres', [ignores, upserts]],
    ['mysql', [...returning, conflictNothing, conflictUpdate]],
    ['mariadb', [conflictNothing, conflictUpdate]],
  ] as const)('that %s does not know', (engine, expected) => {
    expect(unknownOn(engine)).toEqual(expected)
  })
})
