import { describe, expect, test } from 'vitest'
import { statement, type Row } from '../databases/statement.ts'
import { certainlyReads } from './certain-reading.ts'

describe.each(['mysql', 'mariadb'] as const)('on %s, a table has been looked into', (engine) => {
  test.each<readonly [string, readonly Row[], boolean]>([
    ['SELECT a FROM t WHERE a = 1', [{ a: 1 }], true],
    ['SELECT a FROM t WHERE a = NULL', [], false],
    ['SELECT a FROM t LIMIT 0', [], false],
    ['SELECT count(*) AS n FROM t', [{ n: 2 }], true],
    ['SELECT count(*) AS n FROM t WHERE a = NULL', [{ n: 0 }], false],
    ['SELECT sum(a) AS n, max(a) AS most FROM t WHERE 1 = 0', [{ n: null, most: null }], false],
    ['SELECT 1 AS one, count(*) AS n FROM t WHERE 1 = 0', [{ one: 1, n: 0 }], false],
    ['SELECT coalesce(sum(a), 7) AS n FROM t WHERE 1 = 0', [{ n: 7 }], false],
    ['SELECT bit_and(a) AS n FROM t WHERE 1 = 0', [{ n: 255 }], false],
    ['SELECT (SELECT a FROM t WHERE 1 = 0) AS a', [{ a: null }], false],
    ['SELECT a FROM t WHERE 1 = 0 UNION SELECT 1', [{ a: 1 }], false],
    ['SELECT u.a FROM (SELECT 1 AS a) u LEFT JOIN t ON 1 = 0', [{ a: 1 }], false],
    ['UPDATE t SET a = 1', [{ a: 1 }], false],
    ['SELECT 1 AS one', [{ one: 1 }], false],
    ['this is no SQL', [{ a: 1 }], false],
  ])('%s, %j: %s', (text, rows, expected) => {
    expect(certainlyReads(statement([text]), engine, rows)).toBe(expected)
  })
})
