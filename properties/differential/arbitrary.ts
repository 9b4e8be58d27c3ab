import fc from 'fast-check'
import type { EngineName } from '../../harness/index.ts'
import { inTransaction, onItsOwn, type Script, type ScriptTrial } from './script.ts'

const table = fc.constantFrom('t', 's')
const key = fc.integer({ min: 1, max: 3 })

/** One statement, with two tables to choose from and two small numbers. */
type Template = (one: string, other: string, a: number, b: number) => string

const locks = {
  postgres: ['FOR UPDATE', 'FOR SHARE', 'FOR KEY SHARE', 'FOR UPDATE SKIP LOCKED'],
  mysql: ['FOR UPDATE', 'FOR SHARE', 'FOR UPDATE SKIP LOCKED', 'FOR UPDATE NOWAIT'],
  mariadb: ['FOR UPDATE', 'LOCK IN SHARE MODE', 'FOR UPDATE SKIP LOCKED', 'FOR UPDATE NOWAIT'],
} as const satisfies Record<EngineName, readonly string[]>

const everywhere: readonly Template[] = [
  (one) => `SELECT v FROM ${one}`,
  (one, _, a) => `SELECT v FROM ${one} WHERE id = ${a}`,
  (one, _, a) => `SELECT count(*) AS n FROM ${one} WHERE v > ${a}`,
  (one) => `SELECT v FROM ${one} WHERE 1 = 0`,
  (one, other) => `SELECT v FROM ${one} WHERE id IN (SELECT id FROM ${other})`,
  (one, _, a) => `UPDATE ${one} SET v = v + 1 WHERE id = ${a}`,
  (one, _, a) => `UPDATE ${one} SET v = v * 2 WHERE v > ${a}`,
  (one, _, a, b) => `UPDATE ${one} SET u = ${a} WHERE id = ${b}`,
  (one, _, a, b) => `UPDATE ${one} SET id = ${a} WHERE id = ${b}`,
  (one, other, a) => `UPDATE ${one} SET v = (SELECT max(v) FROM ${other}) WHERE id = ${a}`,
  (one, _, a, b) => `INSERT INTO ${one} (id, v, u) VALUES (${a}, 7, ${b})`,
  (one, other, a) => `INSERT INTO ${one} (id, v) SELECT id + ${a}, v FROM ${other}`,
  (one, other, a, b) =>
    `INSERT INTO ${one} (id, v) SELECT ${a}, count(*) FROM ${other} WHERE NOT EXISTS (SELECT 1 FROM ${one} WHERE u = ${b})`,
  (one, _, a) => `DELETE FROM ${one} WHERE id = ${a}`,
  (one, _, a) => `DELETE FROM ${one} WHERE v > ${a}`,
]

const inInnodb: readonly Template[] = [
  (one, _, a, b) => `INSERT IGNORE INTO ${one} (id, v, u) VALUES (${a}, 8, ${b})`,
  (one, _, a) => `INSERT INTO ${one} (id, v) VALUES (${a}, 8) ON DUPLICATE KEY UPDATE v = v + 10`,
  (one, _, a, b) => `REPLACE INTO ${one} (id, v, u) VALUES (${a}, 9, ${b})`,
  (one, other) => `UPDATE ${one} JOIN ${other} ON ${one}.id = ${other}.id SET ${other}.v = 50`,
  (one, other) => `DELETE ${one}, ${other} FROM ${one} JOIN ${other} ON ${one}.id = ${other}.id`,
  (_one, _other, a) => `SELECT GET_LOCK(${a}, 0)`,
  (_one, _other, a) => `SELECT RELEASE_LOCK(${a})`,
]

const own = {
  postgres: [
    (one, _, a, b) => `INSERT INTO ${one} (id, v, u) VALUES (${a}, 8, ${b}) ON CONFLICT DO NOTHING`,
    (one, _, a) =>
      `INSERT INTO ${one} (id, v) VALUES (${a}, 8) ON CONFLICT (id) DO UPDATE SET v = ${one}.v + 10`,
    (one, _, a) =>
      `WITH w AS (UPDATE ${one} SET v = v + 1 WHERE id = ${a} RETURNING v) SELECT v FROM w`,
    (one, other) => `UPDATE ${one} SET v = 50 FROM ${other} WHERE ${one}.id = ${other}.id`,
    (_one, _other, a) => `SELECT pg_advisory_xact_lock(${a})`,
    (_one, _other, a) => `SELECT pg_try_advisory_xact_lock(${a})`,
  ],
  mysql: inInnodb,
  mariadb: inInnodb,
} as const satisfies Record<EngineName, readonly Template[]>

function statementOn(engine: EngineName): fc.Arbitrary<string> {
  const locking = locks[engine].flatMap((lock): Template[] => [
    (one, _, a) => `SELECT v FROM ${one} WHERE id = ${a} ${lock}`,
    (one, _, a) => `SELECT v FROM ${one} WHERE v > ${a} ORDER BY id ${lock}`,
    (one, _, a) => `SELECT v FROM ${one} WHERE u = ${a} ${lock}`,
  ])
  const templates = [...everywhere, ...everywhere, ...locking, ...own[engine]]
  return fc
    .tuple(fc.constantFrom(...templates), table, key, key)
    .map(([template, one, a, b]) => template(one, one === 't' ? 's' : 't', a, b))
}

/** Few enough steps that all schedules can be tried: 70 for two actors, 90 for three. */
export function scriptTrial(engine: EngineName): fc.Arbitrary<ScriptTrial> {
  const statement = statementOn(engine)
  const some = (minLength: number, maxLength: number) =>
    fc.array(statement, { minLength, maxLength, size: 'max' })
  const ofFour: fc.Arbitrary<readonly Script[]> = fc.oneof(
    some(1, 2).map((statements) => [inTransaction(...statements)]),
    some(2, 2).map((statements) => [inTransaction(...statements)]),
    some(1, 3).map((statements) => [onItsOwn(...statements)]),
    fc.tuple(some(1, 1), some(1, 1)).map(([a, b]) => [inTransaction(...a), onItsOwn(...b)]),
  )
  const ofTwo = some(1, 2).map((statements) => [onItsOwn(...statements)])
  return fc.record({
    actors: fc.oneof(
      { weight: 3, arbitrary: fc.tuple(ofFour, ofFour) },
      { weight: 1, arbitrary: fc.tuple(ofTwo, ofTwo, ofTwo) },
    ),
  })
}
