import { describe, expect, test } from 'vitest'
import { statement, type SqlValue } from '../databases/statement.ts'
import type { Step } from '../session.ts'
import { StatementRaces } from './races.ts'

const sql = (parts: TemplateStringsArray, ...params: SqlValue[]): Step => ({
  kind: 'statement',
  statement: statement(parts, params),
})

const begin = sql`BEGIN`
const commit = sql`COMMIT`
const read = sql`SELECT stock FROM product WHERE id = ${1}`
const readOther = sql`SELECT stock FROM product WHERE id = ${2}`
const write = sql`UPDATE product SET stock = ${0} WHERE id = ${1}`
const writeOther = sql`UPDATE product SET stock = ${0} WHERE id = ${2}`
const elsewhere = sql`INSERT INTO purchase (user_id) VALUES (${1})`
const unknown = sql`DO SOMETHING`
const sleep: Step = { kind: 'sleep', ms: 10 }

/** Whether A's step races with B's, after A has taken some. */
function races(one: Step, other: Step, before: readonly Step[] = []): boolean {
  const known = new StatementRaces('postgres')
  for (const step of before) known.take({ actor: 0, step })
  const [a, b] = [
    { actor: 0, step: one },
    { actor: 1, step: other },
  ]
  expect(known.race(b, a)).toBe(known.race(a, b))
  return known.race(a, b)
}

describe('steps of two actors', () => {
  test.each([
    ['a write and a read of one row', write, read, true],
    ['two writes of one row', write, write, true],
    ['two reads', read, read, false],
    ['writes of different rows', write, writeOther, false],
    ['a write and a read of different rows', write, readOther, false],
    ['statements on different tables', write, elsewhere, false],
    ['something unknown and anything', unknown, read, true],
    ['something unknown and BEGIN', unknown, begin, false],
    ['a sleep and anything', sleep, write, false],
    ['a COMMIT of nothing', commit, write, false],
  ])('%s', (_, one, other, expected) => {
    expect(races(one, other)).toBe(expected)
  })

  test('a COMMIT races with what its transaction races with', () => {
    expect(races(commit, read, [begin, write])).toBe(true)
    expect(races(commit, readOther, [begin, write])).toBe(false)
    expect(races(commit, read, [begin, read, writeOther])).toBe(false)
    expect(races(commit, elsewhere, [begin, read, elsewhere, writeOther])).toBe(true)
    expect(races(commit, read, [begin, unknown, elsewhere])).toBe(true)
  })

  test('a transaction knows nothing of the one before it', () => {
    expect(races(commit, read, [begin, write, commit, begin])).toBe(false)
    expect(races(commit, read, [begin, unknown, sql`ROLLBACK`, begin])).toBe(false)
  })
})
